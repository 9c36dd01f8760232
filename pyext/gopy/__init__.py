"""What gopy binds, and the build step that makes the Python module _core from it."""
