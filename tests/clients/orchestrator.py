#!/usr/bin/env python3
"""The orchestrator, as far as a sidecar knows it: contract v1 through `requests`.

Prints one JSON object about the answer. A body that breaks off is an "error" in it.
"""

import argparse
import hashlib
import json

import requests

CAPABILITIES_TIMEOUT = 30
BETWEEN_BYTES_TIMEOUT = 300


def main():
    arguments = parse()
    headers = {}
    if arguments.token is not None:
        # "=…" is a whole header, for what a well-behaved orchestrator would never send.
        if arguments.token.startswith("="):
            headers["Authorization"] = arguments.token[1:]
        else:
            headers["Authorization"] = f"Bearer {arguments.token}"
    print(json.dumps(arguments.request(arguments, headers)))


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--token")
    requests_of = parser.add_subparsers(required=True)
    requests_of.add_parser("capabilities").set_defaults(request=capabilities)
    export_parser = requests_of.add_parser("export")
    export_parser.add_argument("--drive-folder-id")
    export_parser.add_argument("--into", help="file for the body")
    export_parser.set_defaults(request=export)
    return parser.parse_args()


def capabilities(arguments, headers):
    answer = requests.get(
        f"{arguments.url}/backup/capabilities", headers=headers, timeout=CAPABILITIES_TIMEOUT
    )
    return described(answer) | {"json": answer.json()}


def export(arguments, headers):
    parameters = {}
    if arguments.drive_folder_id is not None:
        parameters["drive_folder_id"] = arguments.drive_folder_id
    with requests.post(
        f"{arguments.url}/backup/export",
        params=parameters,
        headers=headers,
        stream=True,
        timeout=BETWEEN_BYTES_TIMEOUT,
    ) as answer:
        if answer.status_code >= 400:
            return described(answer) | {"json": answer.json()}
        return described(answer) | received(answer, arguments.into)


def described(answer):
    return {
        "status": answer.status_code,
        "headers": {name.lower(): value for name, value in answer.headers.items()},
    }


def received(answer, into):
    """The body, read as `rclone rcat` would be fed: in pieces, never as a whole."""
    digest, size, error = hashlib.sha256(), 0, None
    with open(into or "/dev/null", "wb", buffering=0) as file:
        try:
            for piece in answer.iter_content(64 * 1024):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        except requests.RequestException as broken:
            error = repr(broken)
    return {"size": size, "sha256": digest.hexdigest(), "error": error}


if __name__ == "__main__":
    main()
