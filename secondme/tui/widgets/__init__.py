"""The app's own widgets: each owns its keys and posts messages."""
