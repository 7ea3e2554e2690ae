"""Certificates for a cluster on loopback: one authority, one certificate for every part of it."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificates(folder: Path, *, until: datetime) -> dict[str, str]:
    """Write an authority and a certificate; returns Dask's settings for scheduler, worker and client."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority of a test")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cluster of a test")])
    files = {name: folder / f"{name}.pem" for name in ("ca", "cert", "key")}
    begin = until - timedelta(days=1)

    def builder(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
        return made.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(until)

    root = builder(issuer, authority.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = builder(subject, key.public_key()).add_extension(names, False)
    pem = serialization.Encoding.PEM
    files["ca"].write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(pem))
    files["cert"].write_bytes(leaf.sign(authority, hashes.SHA256()).public_bytes(pem))
    plain = serialization.NoEncryption()
    files["key"].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    settings = {"CA_FILE": str(files["ca"])}
    for part in ("SCHEDULER", "WORKER", "CLIENT"):
        settings |= {f"{part}__CERT": str(files["cert"]), f"{part}__KEY": str(files["key"])}
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": value for name, value in settings.items()}
