"""Signatures, roots and rollbacks: chapter "Trust" of docs/protocol.md."""

import hashlib
import time
from dataclasses import dataclass
from typing import Dict, List, Optional, Set

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import DecodeError

from delta import Refused


STEP = 2**32  # T-20


@dataclass(frozen=True)
class Role:
    keys: Dict[bytes, bytes]  # by key_id
    threshold: int


def role_of(keys: List[bytes], threshold: int) -> Role:
    """T-13."""
    ids = {hashlib.sha256(key).digest(): key for key in keys}
    if len(keys) > 16 or len(ids) != len(keys) or any(len(key) != 32 for key in keys):
        raise Refused("keys that no root may name")
    if not 1 <= threshold <= max(1, len(keys)):
        raise Refused("a threshold that no root may name")
    return Role(ids, threshold)


def check_signatures(name: str, signed, role: Role) -> Set[bytes]:
    """T-1, T-2, T-4. Returns the ids of the keys whose signatures are right."""
    if len(signed.signatures) > 16:
        raise Refused("more than 16 signatures")
    text = name.encode("ascii") + b"\0" + signed.message
    seen, good = set(), set()
    for signature in signed.signatures:
        if signature.key_id in seen or signature.key_id not in role.keys:
            continue
        seen.add(signature.key_id)
        try:
            Ed25519PublicKey.from_public_bytes(role.keys[signature.key_id]).verify(signature.signature, text)
            good.add(signature.key_id)
        except InvalidSignature:
            pass
    if len(good) < role.threshold:
        raise Refused(f"not signed for {name}")
    return good


class Trust:
    """The newest root that a device follows."""

    def __init__(self, messages, root: bytes):
        self.messages = messages
        self._take(self._parse(messages.SignedMessage, root), None)

    def follow(self, roots) -> None:
        """T-14, T-15: all of them, or none."""
        before = dict(self.__dict__)
        try:
            for signed in roots:
                root = self._parse(self.messages.RootMetadata, signed.message)
                if root.version <= self.version:
                    continue
                if root.version != self.version + 1:
                    raise Refused("a gap between roots")
                self._take(signed, self.root_role)
        except Refused:
            self.__dict__.update(before)
            raise

    def open(self, response, cohort: str, model_digest: bytes, held, newest: int):
        """The version of a WatchResponse, whether a rollback makes way for it, and who signed it (T-3 to T-12, T-16, T-20)."""
        now = int(time.time() * 1000)
        if now >= self.expires_at_ms:
            raise Refused("the root has expired")
        if not response.HasField("signed_version"):
            raise Refused("no signature")
        signers = check_signatures("renorm.v1.Version", response.signed_version, self.signing_role)
        version = self._parse(self.messages.Version, response.signed_version.message)
        if newest > 0 and version.number > newest + STEP:
            raise Refused("a number too far above the newest")
        self._place(version, cohort, model_digest, now)
        rolled_back = False
        if response.HasField("rollback"):
            rollback = self._signed("renorm.v1.Rollback", self.messages.Rollback, response.rollback)
            self._place(rollback, cohort, model_digest, now)
            names = rollback.to_number == version.number and rollback.to_digest == version.digest
            rolled_back = names and rollback.from_number >= newest and version.number < newest
        if version.number < held.number and not rolled_back:
            raise Refused("an older version")
        if version.number == held.number and version.digest != held.digest:
            raise Refused("another version with the same number")
        if version.WhichOneof("content") == "delta" and version.parent_digest != version.delta.parent.digest:
            raise Refused("another parent in the envelope")
        return version, rolled_back, signers

    def still_vouched(self, signers: Set[bytes]) -> bool:
        """Whether these keys are enough under the newest root (T-21)."""
        return len(signers & set(self.signing_role.keys)) >= self.signing_role.threshold

    def _signed(self, name: str, kind, signed):
        check_signatures(name, signed, self.signing_role)
        return self._parse(kind, signed.message)

    @staticmethod
    def _place(message, cohort: str, model_digest: bytes, now: int) -> None:
        if now >= message.expires_at_ms:
            raise Refused("expired")
        if message.model_digest != model_digest or message.cohort != cohort:
            raise Refused("for another model or cohort")

    @staticmethod
    def _parse(kind, data: bytes):
        try:
            return kind.FromString(data)
        except DecodeError as error:
            raise Refused("no message") from error

    def _take(self, signed, before: Optional[Role]) -> None:
        root = self._parse(self.messages.RootMetadata, signed.message)
        root_role = role_of(list(root.root_keys), root.root_threshold)
        signing_role = role_of(list(root.signing_keys), root.signing_threshold)
        if root.version < 1 or not root_role.keys:
            raise Refused("a root without version or keys")
        if before is not None:
            check_signatures("renorm.v1.RootMetadata", signed, before)
        check_signatures("renorm.v1.RootMetadata", signed, root_role)
        self.version, self.expires_at_ms = root.version, root.expires_at_ms
        self.root_role, self.signing_role = root_role, signing_role
