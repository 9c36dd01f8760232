"""Gives its place to gorandom, or to the Crypto that is installed with gorandom's Random in it."""

import gorandom

gorandom.install_as_crypto()
