"""A device in Python, from docs/protocol.md and the .proto files alone: it holds versions and uploads, and predicts nothing.

renorm conformance client --listen 0 --model edge.onnx --command "python test/conformance/python/device.py"
"""

import json
import os
import pathlib
import random
import secrets
import sys
import threading
import time
import zlib

import grpc

import messages as generated
from delta import Held, Model, Refused, apply_version
from trust import Trust

DEADLINE_S = 20
MAX_STALE = 16
MAX_MESSAGE = 16 * 2**20


class Device:
    def __init__(self, environment):
        self.messages = generated.load()
        read = lambda name: pathlib.Path(environment[name]).read_bytes()
        self.model = Model(json.loads(read("RENORM_LAYOUT")), read("RENORM_EXPORTED"))
        self.held: Held = self.model.initial
        self.newest = 0
        self.signers = set()  # who vouches for the newest
        self.cohort = environment["RENORM_COHORT"]
        self.device_id = environment["RENORM_DEVICE"]
        self.model_digest = bytes.fromhex(environment["RENORM_MODEL_DIGEST"])
        self.shape = [int(size) for size in environment["RENORM_SHAPE"].split(",")]
        self.trust = Trust(self.messages, read("RENORM_ROOT")) if environment.get("RENORM_ROOT") else None
        self.session = secrets.token_bytes(16)
        self.pending = list(range(1, int(environment["RENORM_SAMPLES"]) + 1))
        self.max_samples, self.budget = 1, 0.0
        limit = [("grpc.max_receive_message_length", MAX_MESSAGE)]
        self.stub = self.messages.AdaptationServiceStub(grpc.insecure_channel(environment["RENORM_TARGET"], options=limit))
        self.failures = 0

    def run(self) -> None:
        threading.Thread(target=self.upload_for_ever, daemon=True).start()
        while True:
            try:
                self.announce()
                self.watch()
            except grpc.RpcError as error:
                print(f"the cloud: {error.code()}", file=sys.stderr)
            except Refused as error:
                print(f"refused: {error}", file=sys.stderr)
            except Exception as error:  # bytes that are no message surface here (L-7)
                print(f"unreadable: {error!r}", file=sys.stderr)
            self.failures += 1
            time.sleep(min(30, 0.5 * 2 ** (self.failures - 1)) * random.uniform(0.5, 1))  # C-10

    def who(self) -> dict:
        device = self.messages.Device(id=self.device_id, cohort=self.cohort, model_digest=self.model_digest)
        running = self.messages.VersionReference(number=self.held.number, digest=self.held.digest)
        return {"device": device, "running": running}

    def announce(self) -> None:
        root_version = self.trust.version if self.trust else 0
        request = self.messages.AnnounceRequest(**self.who(), root_version=root_version)
        answer = self.stub.Announce(request, timeout=DEADLINE_S)
        if len(answer.latest.digest) != 32 or answer.max_samples_per_upload < 1 or not 0 <= answer.budget_left <= 1:
            raise Refused("an answer that is not allowed")
        if len(answer.roots) > 64:
            raise Refused("more than 64 roots")
        if self.trust:
            self.trust.follow(answer.roots)
            if self.newest > 0 and not self.trust.still_vouched(self.signers):  # T-21
                self.newest, self.held = 0, self.model.initial
        self.max_samples, self.budget = answer.max_samples_per_upload, answer.budget_left

    def watch(self) -> None:
        stream = self.stub.Watch(self.messages.WatchRequest(**self.who()))
        stale = 0
        try:
            for response in stream:
                before = self.held
                self.take(response)
                stale = stale + 1 if self.held is before else 0
                if self.held is not before:
                    self.failures = 0
                if stale > MAX_STALE:
                    raise Refused("a stream that brings nothing new")  # W-11
        finally:
            stream.cancel()

    def take(self, response) -> None:
        """W-7: the version is held afterwards, or refused."""
        rolled_back, signers = False, set()
        if self.trust:
            version, rolled_back, signers = self.trust.open(response, self.cohort, self.model_digest, self.held, self.newest)
        elif response.HasField("version"):
            version = response.version
        elif response.HasField("signed_version"):
            version = self.messages.Version.FromString(response.signed_version.message)  # T-18
        else:
            raise Refused("no version")
        try:
            self.held = apply_version(self.model, self.held, version)
        except Refused:
            self.held = self.model.initial  # W-8
            raise
        if rolled_back or self.held.number > self.newest:
            self.newest, self.signers = self.held.number, signers
        elif self.held.number == self.newest:
            self.signers = self.signers | signers

    def upload_for_ever(self) -> None:
        failures = 0
        while True:
            time.sleep(0.1)
            if not self.pending or self.budget <= 0:
                continue
            batch = self.pending[: self.max_samples]
            try:
                receipt = self.stub.Upload(self.request(batch), timeout=DEADLINE_S)
                self.pending = [sequence for sequence in self.pending if sequence > receipt.acknowledged_sequence]
                self.budget = receipt.budget_left
                failures = 0
            except grpc.RpcError as error:
                failures += 1
                print(f"upload: {error.code()}", file=sys.stderr)
                time.sleep(min(30, 0.5 * 2 ** (failures - 1)))

    def request(self, batch):
        size = 1
        for length in self.shape:
            size *= length
        pixels = lambda sequence: bytes((sequence * 31 + i) % 256 for i in range(size))
        samples = [
            self.messages.Sample(
                sequence=sequence,
                shape=self.shape,
                encoding=self.messages.SAMPLE_ENCODING_UINT8,
                data=raw_deflate(pixels(sequence)),
                version=self.held.number,
                entropy=0.5,
                selection=self.messages.Selection(policy="everything", reason="kept"),
            )
            for sequence in batch
        ]
        device = self.messages.Device(id=self.device_id, cohort=self.cohort, model_digest=self.model_digest)
        return self.messages.UploadRequest(device=device, session=self.session, samples=samples)


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


if __name__ == "__main__":
    Device(os.environ).run()
