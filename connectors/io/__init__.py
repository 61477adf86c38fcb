"""Network input and output of the live connectors: HTTP, WebSocket, and the driver of each connector."""
