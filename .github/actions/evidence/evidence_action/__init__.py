"""Steps of the action that puts run evidence into a pull request.

Standard library only: the workflow that comments has a token with write access and installs nothing.
"""
