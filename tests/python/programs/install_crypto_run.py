"""What python -m gorandom run does, for install_crypto_advisory.py. Run by test_install_crypto.py."""

import multiprocessing

if __name__ == "__main__":
    import gorandom

    gorandom.install_as_crypto()
    multiprocessing.set_start_method("fork")
    import install_crypto_advisory

    install_crypto_advisory.main()
