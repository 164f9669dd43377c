"""WebSocket libraries that home-made clients use."""
