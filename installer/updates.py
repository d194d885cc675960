"""Signs what Goferry's editions read about newer versions.

    python installer/updates.py key --private F                    makes a key pair; prints the public one
    python installer/updates.py sign --key F|- --version 0.2.0 --file windows/amd64=dist/Goferry-0.2.0-setup.exe
                                     [--url ADDRESS] [--note-en TEXT] [--note-zh TEXT] --output update.json

The private key comes from a file or, with `-`, from standard input; never as an argument, which others can see. The
public one goes into `keys` of resources/update/source.json, the manifest's address into `address`.
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from desktop.base.download import sha256_of
from desktop.base.errors import GoferryError
from desktop.base.paths import write_atomically
from desktop.base.update_manifest import opened, sealed


def main(words: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(words)
    try:
        message = make_key(args.private) if args.verb == "key" else sign(args)
    except (OSError, ValueError) as error:
        print(f"not done: {error}", file=sys.stderr)
        return 1
    except GoferryError as error:
        print(f"not done: {error} {error.detail}", file=sys.stderr)
        return 1
    print(message)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="updates.py", description="signs manifests of updates")
    verbs = parser.add_subparsers(dest="verb", required=True)
    key = verbs.add_parser("key", help="make a key pair")
    key.add_argument(
        "--private", type=Path, required=True, help="the file of the private key; it must be new"
    )
    sign = verbs.add_parser("sign", help="write a signed manifest")
    sign.add_argument("--key", required=True, help="the file of the private key, - for standard input")
    sign.add_argument("--version", required=True)
    sign.add_argument("--file", action="append", required=True, metavar="PLATFORM=PATH")
    sign.add_argument(
        "--url", default="", help="folder of the files; without it they lie beside the manifest"
    )
    sign.add_argument("--note-en", default="", help="what is new")
    sign.add_argument("--note-zh", default="")
    sign.add_argument("--output", type=Path, required=True)
    return parser


def make_key(path: Path) -> str:
    """Writes the private key for its owner only; gives back the public one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = Ed25519PrivateKey.generate()
    text = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
    return public_of(text)


def public_of(private_key: bytes) -> str:
    """The public key as source.json has it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(private_key, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the key is no Ed25519 key")
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def sign(args: argparse.Namespace) -> str:
    private_key = sys.stdin.buffer.read() if args.key == "-" else Path(args.key).read_bytes()
    files: dict[str, Any] = {}
    for pair in args.file:
        platform, _, name = pair.partition("=")
        path = Path(name)
        files[platform] = {"name": path.name, "sha256": sha256_of(path), "size": path.stat().st_size}
        if args.url:
            files[platform]["url"] = args.url.rstrip("/") + "/" + path.name
    notes = {language: text for language, text in (("en", args.note_en), ("zh_CN", args.note_zh)) if text}
    payload = {"schema": 1, "product": "goferry", "version": args.version, "files": files, "notes": notes}
    text = sealed(payload, private_key)
    # read it as an edition will: what they would refuse is not written
    opened(text.encode(), [public_of(private_key)], "https://example.com/update.json")
    write_atomically(args.output, text)
    return f"{args.output}: version {args.version}, {len(files)} file(s)"


if __name__ == "__main__":
    sys.exit(main())
