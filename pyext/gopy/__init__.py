"""What gopy binds, and the step of the build that makes the Python module _core of it."""
