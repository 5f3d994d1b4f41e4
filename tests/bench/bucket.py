"""A bucket that costs next to nothing: speaks as much S3 as a backup needs, and keeps only small objects.

What is measured against it is the client. With a real server, that server's own work would be most of it.
"""
import hashlib
import http.server
import threading
import urllib.parse
import xml.sax.saxutils

SMALL = 1 << 20
PAGE = 1000  # keys that one answer lists


class Bucket(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Request)
        self.objects = {}  # key: (size, etag, bytes of a small one)
        self.parts = {}  # upload: {number: size}
        self.lock = threading.Lock()
        self.requests = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()

    def empty(self):
        self.objects.clear()


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def parse_request(self):
        self.server.requests += 1
        return super().parse_request()

    def split(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        _, _, key = urllib.parse.unquote(url.path[1:]).partition("/")
        return key, query

    def receive(self):
        """Size, ETag and, if they are few, the bytes of the body."""
        left, kept = int(self.headers.get("Content-Length", 0)), b""
        size, few = left, left <= SMALL
        buffer = memoryview(bytearray(SMALL))
        while left:
            read = self.rfile.readinto(buffer[:min(left, SMALL)])
            if not read:
                raise ConnectionError
            left -= read
            if few:
                kept += buffer[:read]
        return size, hashlib.md5(kept).hexdigest(), kept if few else None

    def answer(self, status=200, body=b"", head=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", len(body) if head is None else head)
        self.end_headers()
        if head is None:
            self.wfile.write(body)

    def refuse(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def do_PUT(self):
        key, query = self.split()
        size, etag, kept = self.receive()
        bucket = self.server
        if "partNumber" in query:
            bucket.parts[query["uploadId"]][int(query["partNumber"])] = size
            return self.answer(ETag=f'"{etag}"')
        with bucket.lock:
            there = bucket.objects.get(key)
            expected = self.headers.get("If-Match")
            if (there and self.headers.get("If-None-Match")) or (expected and (not there or expected.strip('"') != there[1])):
                return self.refuse(412, "PreconditionFailed")
            if key:
                bucket.objects[key] = (size, etag, kept)
        self.answer(ETag=f'"{etag}"')

    def do_POST(self):
        key, query = self.split()
        self.receive()
        if "uploads" in query:
            upload = f"upload-{len(self.server.parts)}"
            self.server.parts[upload] = {}
            return self.xml("InitiateMultipartUploadResult", f"<Key>{escape(key)}</Key><UploadId>{upload}</UploadId>")
        size = sum(self.server.parts.pop(query["uploadId"]).values())
        self.server.objects[key] = (size, f"whole-{size}", None)
        self.xml("CompleteMultipartUploadResult", f"<Key>{escape(key)}</Key><ETag>&quot;whole-{size}&quot;</ETag>")

    def do_HEAD(self):
        key, _ = self.split()
        if not key:
            return self.answer(head=0)
        if key not in self.server.objects:
            return self.answer(404, head=0)
        size, etag, _ = self.server.objects[key]
        self.answer(head=size, ETag=f'"{etag}"', Last_Modified=self.date_time_string())

    def do_GET(self):
        key, query = self.split()
        if not key:
            return self.list(query)
        if key not in self.server.objects:
            return self.refuse(404, "NoSuchKey")
        _, etag, kept = self.server.objects[key]
        self.answer(206 if "Range" in self.headers else 200, kept or b"", ETag=f'"{etag}"')

    def do_DELETE(self):
        key, _ = self.split()
        self.server.objects.pop(key, None)
        self.answer(204)

    def list(self, query):
        prefix, after, found = query.get("prefix", ""), query.get("continuation-token", ""), []
        keys = sorted(key for key in self.server.objects if key.startswith(prefix) and key > after)
        for key in keys[:PAGE]:
            size, etag, _ = self.server.objects[key]
            found.append(f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size><ETag>{etag}</ETag>"
                         "<LastModified>2023-12-01T03:00:00.000Z</LastModified></Contents>")
        more = f"<NextContinuationToken>{escape(keys[PAGE - 1])}</NextContinuationToken>" if len(keys) > PAGE else ""
        self.xml("ListBucketResult", f"<Prefix>{escape(prefix)}</Prefix><IsTruncated>{str(bool(more)).lower()}</IsTruncated>"
                                     f"{more}{''.join(found)}")

    def xml(self, name, text):
        self.answer(body=f'<?xml version="1.0"?><{name}>{text}</{name}>'.encode(), Content_Type="application/xml")


def escape(text):
    return xml.sax.saxutils.escape(text)
