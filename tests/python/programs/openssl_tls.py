"""TLS 1.2 and 1.3 over loopback, in a child too, with gorandom's bytes. Run by test_openssl.py."""

import os
import socket
import ssl
import sys
import threading

from openssl_served import served

from gorandom import openssl

folder = sys.argv[1]
openssl.activate()


def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    return context


def talk(version):
    server, client = server_context(), ssl.create_default_context(cafile=folder + "/cert.pem")
    client.minimum_version = client.maximum_version = version
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(20)

    def serve():
        accepted, _ = listener.accept()
        accepted.settimeout(20)
        with server.wrap_socket(accepted, server_side=True) as s:
            s.sendall(s.recv(100)[::-1])

    thread = threading.Thread(target=serve)
    thread.start()
    before = served()
    with client.wrap_socket(socket.create_connection(listener.getsockname(), 20), server_hostname="localhost") as c:
        c.sendall(b"hello")
        assert c.recv(100) == b"olleh" and c.version() == version.name.replace("_", "."), c.version()
    thread.join()
    listener.close()
    assert served() - before >= 64, "two handshakes' ends need two random values of 32 bytes each"


for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    talk(version)
child = os.fork()
if not child:
    talk(ssl.TLSVersion.TLSv1_3)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
openssl.deactivate()
before = served()
try:
    talk(ssl.TLSVersion.TLSv1_3)
except AssertionError:
    pass
assert served() == before
