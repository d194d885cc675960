"""A certificate of one's own, for the tests that need one."""

from __future__ import annotations

import datetime
import ipaddress


def self_signed(authority: str = "Company authority", *, signs_code: bool = False) -> bytes:
    """A certificate of an authority of one's own and its key, PEM; for this computer, or for signing programs."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, authority)])
    now = datetime.datetime.now(datetime.UTC)
    use = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.CODE_SIGNING if signs_code else ExtendedKeyUsageOID.SERVER_AUTH]
    )
    here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
        .add_extension(use, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM) + private
