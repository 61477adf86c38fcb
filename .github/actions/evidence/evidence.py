"""Command of the action's steps: `python3 evidence.py STEP`. Standard library only."""

from evidence_action.steps import main

if __name__ == "__main__":
    raise SystemExit(main())
