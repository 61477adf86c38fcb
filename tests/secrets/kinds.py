"""One made-up secret of each kind that detect-secrets knows, in a line in which it finds it."""

from __future__ import annotations

HEX = "4f9d1c7be2a05836f1d4b97c0e8a2635"
MIXED = "q7Zt2Lw9Xk4Rb8Vn3Ps6Hd1Jf5Gm0CyTaQeUo2WiYx"
KINDS: dict[str, tuple[str, str]] = {
    "Artifactory Credentials": ("AKCp8budTFpb31Kvx", "artifactory {}"),
    "AWS Access Key": ("AKIAQ7ZT2LW9XK4RB8VN", "uploading with {}"),
    "Azure Storage Account access key": ("q7Zt2Lw9" * 11, "AccountKey={}"),
    "Basic Auth Credentials": ("s3cr3tV4lue9876", "wss://ada:{}@venue.example/ws"),
    "Cloudant Credentials": (HEX * 2, "https://ada:{}@ada.cloudant.com"),
    "Discord Bot Token": ("MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs", "bot {} joined"),
    "GitHub Token": ("ghp_q7Zt2Lw9Xk4Rb8Vn3Ps6Hd1Jf5Gm0CyTaQeU", "pushed by {}"),
    "GitLab Token": ("glpat-q7Zt2Lw9Xk4Rb8Vn3Ps6", "pushed by {}"),
    "Base64 High Entropy String": (MIXED, 'signer "{}" loaded'),
    "Hex High Entropy String": (HEX, 'private_key = "{}"'),
    "IBM Cloud IAM Key": ("q7Zt2Lw9Xk4Rb8Vn3Ps6Hd1Jf5Gm0CyTaQeUo2WiYx_7"[:44], 'ibm_cloud_iam_key = "{}"'),
    "IBM COS HMAC Credentials": ("4f9d1c7be2a05836f1d4b97c0e8a26354f9d1c7be2a05836", 'ibm_cos_secret_access_key = "{}"'),
    "Public IP (ipv4)": ("133.133.133.133", "peer {} refused"),
    "JSON Web Token": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLWl0", "session {} expired"),
    "Secret Keyword": ("s3cr3tV4lue9876", 'password = "{}"'),
    "Mailchimp Access Key": (f"{HEX}-us12", "mailing with {}"),
    "NPM tokens": ("npm_xq7Zt2Lw9Xk4Rb8Vn", "//registry.example/:_authToken={}"),
    "OpenAI Token": ("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", "asking with {}"),
    "Private Key": ("MIIEpAIBAAKCAQEA7Zt2Lw9Xk4Rb8Vn3Ps6Hd1Jf5", "-----BEGIN RSA PRIVATE KEY----- {}"),
    "PyPI Token": ("pypi-AgEIcHlwaS5vcmc" + "q7Zt2Lw9" * 10, "uploading with {}"),
    "SendGrid API Key": ("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", "mailing with {}"),
    "Slack Token": ("xoxb-34532454-34532454-q7zt2lw9xk4rb8vn", "posting with {}"),
    "SoftLayer Credentials": (HEX * 2, "http://api.softlayer.com/soap/v3/{}"),
    "Square OAuth Secret": ("sq0csp-q7Zt2Lw9Xk4Rb8Vn3Ps6Hd1Jf5Gm0CyTaQeUo2WiYx1", "paying with {}"),
    "Stripe Access Key": ("rk_live_q7Zt2Lw9Xk4Rb8Vn3Ps6Hd1J", "paying with {}"),
    "Telegram Bot Token": ("1101002100:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw9", "{}"),
    "Twilio API Key": ("SK" + HEX, "calling with {}"),
}  # fmt: skip
"""The secret, and the line with its place, by the kind's name in detect-secrets."""
LINES = {kind: line.format(secret) for kind, (secret, line) in KINDS.items()}
SECRETS = {kind: secret for kind, (secret, _) in KINDS.items()}
