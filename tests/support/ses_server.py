"""A local server that answers SendEmail of Amazon SES v2 by Amazon's own service model, or as badly as a test says."""

import json
from base64 import b64decode
from collections.abc import Iterator
from email import policy
from email.parser import BytesHeaderParser
from functools import cache, cached_property
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import OperationModel
from botocore.session import Session
from botocore.validate import ParamValidator

from newsletter.providers import ses
from support import api_server
from support.api_server import Answer, ApiServer, Reaction

REGION = "eu-west-1"
KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def failure(status: int, code: str, message: str) -> Answer:
    """Write what Amazon SES says of a request that it does not take."""
    return Answer(status, {"message": message}, {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/coral/"})


@cache
def send_email() -> OperationModel:
    """Amazon's own description of SendEmail."""
    return Session().get_service_model("sesv2").operation_model("SendEmail")


class Request(api_server.Request):
    """A request of one message."""

    @cached_property
    def message(self) -> bytes:
        return b64decode(self.body["Content"]["Raw"]["Data"], validate=True)

    @property
    def keys(self) -> list[str]:
        return [tag["Value"] for tag in self.body["EmailTags"] if tag["Name"] == "delivery"]


class SesServer(ApiServer):
    """What tests see of the server.

    Attributes:
        account: What is answered to GetAccount.
    """

    request_type = Request
    asked = "account"
    key = "secret_access_key"
    module = ses
    secret = SECRET
    unauthorized = Answer(403, {"message": "The security token included in the request is invalid."})
    throttled = failure(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
    invalid = failure(400, "BadRequestException", "Missing final '@domain'")
    odd = failure(400, "MessageRejected", "Transaction failed: Duplicate header 'List-Id'.")
    batch = 1
    repeats = False

    def __init__(self) -> None:
        super().__init__()
        self.account = Answer(
            200, {"SendingEnabled": True, "ProductionAccessEnabled": True, "EnforcementStatus": "HEALTHY"}
        )

    def settings(self, **options: Any) -> ses.Settings:
        values = {"region": REGION, "access_key_id": KEY_ID, "secret_access_key": SECRET, "base_url": self.url}
        return ses.Settings.model_validate({**values, "timeout": 5.0, **options})

    def get(self, request: Request) -> Reaction:
        if not is_signed(request, self.url):
            return self.unauthorized
        return self.account if request.path == "/v2/email/account" else Answer(404)

    def post(self, request: Request) -> Reaction:
        if not is_signed(request, self.url):
            return self.unauthorized
        found = list(problems(request))
        if found:
            self.problems.extend(found)
            return failure(400, "BadRequestException", found[0])
        scripted = self.script(request)
        if scripted is not None:
            return scripted
        with self.lock:
            self.accepted.append(request)
            number = len(self.accepted)
        return Answer(200, {"MessageId": f"message-{number}"})


def is_signed(request: Request, url: str, secret: str = SECRET) -> bool:
    """Sign a request anew, as AWS's own library does, and tell whether the signatures are equal."""
    authorization = request.headers.get("authorization", "")
    named = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: request.headers[name] for name in named if name in request.headers}
    again = AWSRequest(request.method, f"{url}{request.path}", headers=headers, data=request.content)
    again.context["timestamp"] = request.headers.get("x-amz-date", "")
    signer = SigV4Auth(Credentials(KEY_ID, secret), "ses", REGION)
    signature = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    return authorization.endswith(f"Signature={signature}") and f"Credential={KEY_ID}/" in authorization


def problems(request: Request) -> Iterator[str]:
    """Check a request by Amazon's service model, and by what its documentation adds."""
    model = send_email()
    if (request.method, request.path) != (model.http["method"], model.http["requestUri"]):
        yield f"no such path: {request.path}"
    parameters = json.loads(request.content)
    parameters["Content"]["Raw"]["Data"] = request.message
    report = ParamValidator().validate(parameters, model.input_shape)
    if report.has_errors():
        yield report.generate_report()
    tracking = model.input_shape.members["ConfigurationOverrides"].members["Tracking"].members
    for name, value in parameters["ConfigurationOverrides"]["Tracking"].items():
        if value not in tracking[name].enum:
            yield f"{name} cannot be {value}"
    if len(parameters["Destination"]["ToAddresses"]) != 1:
        yield "more than one reader"
    if any(len(line) > 998 for line in request.message.split(b"\r\n")):
        yield "a line is too long"
    if not BytesHeaderParser(policy=policy.default).parsebytes(request.message)["From"]:
        yield "the message has no From"
