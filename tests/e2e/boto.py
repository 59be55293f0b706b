"""What boto3 does to a bucket or a presigned URL, as lines of JSON on stdin say it; answers a line for each on stdout."""

import base64
import json
import sys

import boto3
from botocore.awsrequest import AWSRequest
from botocore.client import Config
from botocore.httpsession import URLLib3Session


def client(server):
    return boto3.client(
        "s3",
        endpoint_url=server["endpoint"],
        region_name=server["region"],
        aws_access_key_id=server["credentials"]["access_key_id"],
        aws_secret_access_key=server["credentials"]["secret_access_key"],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
    )


def presigned(order):
    # The length that is sent is that of the body, whatever was announced.
    headers = {name: value for name, value in order["headers"].items() if name != "content-length"}
    request = AWSRequest("PUT", order["url"], headers=headers, data=base64.b64decode(order["bytes"]))
    answer = URLLib3Session().send(request.prepare())
    return {"status": answer.status_code, "said": answer.text}


def put_object(order):
    put = client(order["server"]).put_object(
        Bucket=order["server"]["bucket"],
        Key=order["key"],
        Body=base64.b64decode(order["bytes"]),
        ContentType=order["media_type"],
    )
    return {"status": put["ResponseMetadata"]["HTTPStatusCode"], "etag": put["ETag"]}


for line in sys.stdin:
    order = json.loads(line)
    print(json.dumps(globals()[order.pop("do")](order)), flush=True)
