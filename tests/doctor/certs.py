"""Certificates of an authority of the tests' own, and a server that shows one."""

import asyncio
import datetime as dt
import ssl
from contextlib import asynccontextmanager

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = dt.datetime.now(dt.UTC)


def _signed(subject, key, *, days, issuer=None, signer=None, name=None, authority=False):
    def called(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    signs = x509.AuthorityKeyIdentifier.from_issuer_public_key((signer or key).public_key())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    built = (
        x509.CertificateBuilder()
        .subject_name(called(subject))
        .issuer_name(called(issuer or subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=90))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(own, critical=False)
        .add_extension(signs, critical=False)
    )
    if name:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return built.sign(signer or key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """Signs what it is asked to; *file* is what clients trust."""

    def __init__(self, folder):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / "authority.pem"
        self.file.write_bytes(pem(_signed("tests", self._key, days=365, authority=True)))

    def context(self, *, days=90.5, name="localhost", own=False):
        """A server's context with a certificate of that kind; *own*: it vouches for itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        more = {} if own else {"issuer": "tests", "signer": self._key}
        whole = self._folder / f"{days}-{name}-{own}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        whole.write_bytes(pem(_signed(name, key, days=days, name=name, **more)) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(whole)
        return context


@asynccontextmanager
async def serving(context):
    """The port of a server that shows it, or speaks no TLS if there is none."""

    async def greet(_reader, writer):
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.05)  # the transports of handshakes that failed are closed by the loop
