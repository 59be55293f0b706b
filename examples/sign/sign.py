"""Signs a URL for Lenslet, with the standard library alone.

    python3 sign.py url-keys.json 'https://pictures.example/image/width=800/photo.jpg' --expires 1798761600
    python3 sign.py url-keys.json '/image/width=*/photo.jpg' --any width=320,640,1280
"""

import argparse
import base64
import hashlib
import hmac
import json
import re
from urllib.parse import quote


def sign_url(key, url, expires=None, any_of=None):
    """Signs a whole URL or a path, with a JWK that `lenslet key new --for urls` made.

    `expires` is in seconds since 1970. With `any_of`, such as ("width", [320, 640]), the URL has `width=*`, and any of
    these values may stand there.
    """
    parts = re.fullmatch(r"(https?://[^/?#]+)?(/[^#]*)(#.*)?", url, re.DOTALL)
    if parts is None:
        raise ValueError(f"{url!r} is neither a whole URL nor a path")
    host, path_and_query = parts.group(1) or "", parts.group(2)
    # What browsers would encode is encoded, and the rest stays as it is.
    signed = quote(path_and_query, safe="-._~!$&()*+,;=:@/%?")
    signed += "&" if "?" in signed else "?"
    if any_of is not None:
        name, values = any_of
        if f"{name}=*" not in signed:
            raise ValueError(f"the URL needs {name}=*")
        signed += f"any={'.'.join([name, *map(str, values)])}&"
    if expires is not None:
        signed += f"exp={int(expires)}&"
    signed += f"kid={key['kid']}"
    secret = base64.urlsafe_b64decode(key["k"] + "=" * (-len(key["k"]) % 4))
    if key["kty"] != "oct" or len(secret) < 32:
        raise ValueError("the key is no secret of at least 256 bits")
    signature = hmac.digest(secret, b"lenslet-url-1\n" + signed.encode(), hashlib.sha256)
    return f"{host}{signed}&sig={base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("keys", help="the file of keys, the first of which signs")
    parser.add_argument("url", help="a whole URL, or a path with its query")
    parser.add_argument("--expires", type=int, metavar="UNIX_SECONDS")
    parser.add_argument("--any", metavar="NAME=VALUE,…")
    arguments = parser.parse_args()
    with open(arguments.keys, encoding="utf-8") as file:
        key = json.load(file)["keys"][0]
    any_of = None
    if arguments.any:
        name, values = arguments.any.split("=", 1)
        any_of = name, values.split(",")
    print(sign_url(key, arguments.url, arguments.expires, any_of))


if __name__ == "__main__":
    main()
