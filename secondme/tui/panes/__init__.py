"""The app's screens: each a pane that puts widgets together and calls the core for them."""
