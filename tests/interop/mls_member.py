"""A member of a meeting's MLS group in Python, on the library `rfc9420` 1.3.0: a second opinion beside the client's.

Where that version departs from RFC 9420 it is put right here and in `mls_tree.py`, not in the library: its exporter
leaves out Hash(context) (section 8.5), a failed commit leaves the group half changed, a missing pre-shared key is made
up, and a joiner refuses trees in which siblings have renewed their keys, and every extension of the context. A state is
never changed, only replaced: a commit that loses the race or fails costs nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from rfc9420.crypto import labels
from rfc9420.crypto.hpke_labels import decrypt_with_label
from rfc9420.extensions.extensions import (
    Extension,
    build_capabilities_data,
    deserialize_extensions,
    serialize_extensions,
)
from rfc9420.group.mls_group import processing
from rfc9420.group.mls_group.processing import MLSGroup
from rfc9420.messages.data_structures import (
    AddProposal,
    Credential,
    GroupInfo,
    GroupSecrets,
    PreSharedKeyID,
    PreSharedKeyProposal,
    PSKType,
    RemoveProposal,
    Signature,
    Welcome,
)
from rfc9420.messages.key_packages import KeyPackage, LeafNode
from rfc9420.messages.messages import (
    AuthenticatedContent,
    MLSCiphertext,
    MLSMessage,
    MLSPlaintext,
    WireFormat,
    derive_psk_secret,
    sign_authenticated_content,
)
from rfc9420.messages.refs import make_key_package_ref

from tests.interop.mls_tree import BACKEND, Crypto, Tree, register

register()

SFRAME_LABEL = b"SFrame 1.0 Base Key"
"""RFC 9605, section 5.2."""
NOTES = 0xF5E1
"""GroupInfo extension for what a joiner has to know and the committer signs."""
FOUNDING = 0xF5E2
"""GroupContext extension that says who founded the group."""


class MemberError(Exception):
    """Something that this member cannot accept; its state is as it was."""


@dataclass(frozen=True)
class Psk:
    """The link's key, as an external pre-shared key."""

    id: bytes
    value: bytes


@dataclass(frozen=True)
class Admission:
    """What a Welcome said: which leaf signed it, its notes, and who founded the group."""

    signer: int
    notes: bytes | None
    founding: bytes | None = None


class Member:
    """One session. `lifetime`: seconds since 1970, of its KeyPackages."""

    def __init__(self, identity: bytes, psk: Psk, *, lifetime: tuple[int, int] = (0, 1 << 40)) -> None:
        self.identity = identity
        self._psk = psk
        self._lifetime = lifetime
        self._group: MLSGroup | None = None
        self._pending: tuple[bytes, MLSGroup] | None = None
        self.renew()

    def renew(self, identify: Callable[[bytes], bytes] | None = None) -> None:
        """Fresh keys, and with them a fresh KeyPackage: for the first time, or to come back.

        `identify` makes another identity for the new leaf key, as one that is signed over the key needs.
        """
        signing, init, leaf = Ed25519PrivateKey.generate(), X25519PrivateKey.generate(), X25519PrivateKey.generate()
        self._crypto = Crypto(signing.private_bytes_raw())
        self._init, self._leaf_key = init.private_bytes_raw(), leaf.private_bytes_raw()
        signature_key = signing.public_key().public_bytes_raw()
        if identify is not None:
            self.identity = identify(signature_key)
        node = LeafNode(
            encryption_key=leaf.public_key().public_bytes_raw(),
            signature_key=signature_key,
            credential=Credential(self.identity, signature_key),
            capabilities=build_capabilities_data([1], [FOUNDING], include_grease=False),
            lifetime_not_before=self._lifetime[0],
            lifetime_not_after=self._lifetime[1],
        )
        node = replace(node, signature=Signature(self._sign(b"LeafNodeTBS", node.tbs_serialize())))
        package = KeyPackage(init_key=init.public_key().public_bytes_raw(), leaf_node=node)
        self._package = replace(package, signature=Signature(self._sign(b"KeyPackageTBS", package.tbs_serialize())))

    def _sign(self, label: bytes, content: bytes) -> bytes:
        return self._crypto.sign_with_label(self._crypto.signing_key, label, content)

    @property
    def secrets(self) -> list[bytes]:
        """Everything of this member that nobody else may hold: private keys, the link's key, the epoch's secrets."""
        found = [self._crypto.signing_key, self._init, self._leaf_key, self._psk.value]
        if self._group is not None:
            found += [self._group.get_exporter_secret(), self._group.get_encryption_secret(), self.sframe_base_key()]
            tree = self._group._ratchet_tree
            assert isinstance(tree, Tree)
            found += [node.private_key for node in tree._nodes.values() if node.private_key]
        return found

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """Of the leaf that this member has, or asks for."""
        return Ed25519PrivateKey.from_private_bytes(self._crypto.signing_key)

    # -- Joining ----------------------------------------------------------------------------------------------------

    def key_package(self) -> bytes:
        """An MLSMessage, to be added by."""
        return MLSMessage.from_key_package(self._package).serialize()

    @property
    def ref(self) -> bytes:
        """The KeyPackage's name (RFC 9420, section 5.2)."""
        return make_key_package_ref(self._crypto, self._package.serialize())

    def found(self, group_id: bytes, founding: bytes | None = None) -> None:
        """Start a group, alone in it; `founding` stands in its context."""
        context = b"" if founding is None else serialize_extensions([Extension(FOUNDING, founding)])
        group = MLSGroup.create(group_id, self._package, self._crypto, tree_backend=BACKEND, initial_extensions=context)
        group.set_external_psk_provider(self._resolve)
        group._ratchet_tree.get_node(0).private_key = self._leaf_key
        self._group, self._pending = group, None

    def join(self, welcome: bytes) -> Admission:
        """Enter by a Welcome. Raises `MemberError`, also if the link's key was not mixed in."""
        asked: list[bytes | None] = []

        def resolve(psk: PreSharedKeyID) -> bytes:
            asked.append(psk.psk_id)
            return self._resolve(psk)

        try:
            letter = Welcome.deserialize(_content(welcome, WireFormat.WELCOME))
            admission = self._read_group_info(letter)
            # Every leaf must have the parent hash of its present parent, says the library. RFC 9420 asks that of one
            # descendant of each parent node (section 7.9.2), which `verify_parent_hash_chains` sees to.
            # And it asks whether the joiner knows the context's extensions before it knows which leaf is the joiner's.
            with (
                patch.object(Tree, "_compute_parent_hash_for_leaf", Tree.own_parent_hash),
                patch.object(processing, "leaf_supports_group_extension", lambda _, kind: kind == FOUNDING),
            ):
                group = MLSGroup.from_welcome(
                    letter,
                    self._init,
                    self._crypto,
                    tree_backend=BACKEND,
                    key_package=self._package,
                    welcome_psk_resolver=resolve,
                    encryption_private_key=self._leaf_key,
                )
        except Exception as error:
            raise MemberError("welcome") from error
        if asked != [self._psk.id]:
            raise MemberError("the link's key is not in it")
        self._group, self._pending = group, None
        return admission

    def _read_group_info(self, letter: Welcome) -> Admission:
        """RFC 9420, section 12.4.3.1; the library keeps what it reads there to itself."""
        crypto = self._crypto
        ref = self.ref
        mine = next(each for each in letter.secrets if each.new_member == ref)
        secrets = GroupSecrets.deserialize(
            decrypt_with_label(
                crypto,
                recipient_private_key=self._init,
                kem_output=mine.kem_output,
                label=labels.HPKE_WELCOME,
                context=letter.encrypted_group_info,
                aad=b"",
                ciphertext=mine.ciphertext,
            )
        )
        keys = [self._resolve(psk) for psk in secrets.psks or []]
        psk_secret = derive_psk_secret(crypto, secrets.psks or [], psk_values=[*keys])
        member_secret = crypto.kdf_extract(secrets.joiner_secret, psk_secret or bytes(crypto.kdf_hash_len()))
        welcome_secret = crypto.derive_secret(member_secret, b"welcome")
        key = crypto.expand_with_label(welcome_secret, b"key", b"", crypto.aead_key_size())
        nonce = crypto.expand_with_label(welcome_secret, b"nonce", b"", crypto.aead_nonce_size())
        info = GroupInfo.deserialize(crypto.aead_decrypt(key, nonce, letter.encrypted_group_info, b""))

        def said(extensions: bytes, kind: int) -> bytes | None:
            return next((each.data for each in deserialize_extensions(extensions) if each.ext_type == kind), None)

        context = info.group_context.extensions
        return Admission(info.signer_leaf_index, said(info.extensions, NOTES), said(context, FOUNDING))

    def _resolve(self, psk: PreSharedKeyID) -> bytes:
        if psk.psktype != PSKType.EXTERNAL or psk.psk_id != self._psk.id:
            raise MemberError("unknown pre-shared key")
        return self._psk.value

    # -- Committing -------------------------------------------------------------------------------------------------

    def commit(
        self,
        *,
        add: list[bytes] | None = None,
        remove: list[int] | None = None,
        authenticated_data: bytes = b"",
        notes: bytes | None = None,
    ) -> tuple[bytes, bytes | None]:
        """A commit and its Welcome. The state changes when the commit comes back by `apply`; another one voids it.

        `authenticated_data` travels with the commit, `notes` in the Welcome's GroupInfo: the library leaves both empty.
        """
        group = copy.deepcopy(self._state)
        packages = [KeyPackage.deserialize(_content(data, WireFormat.KEY_PACKAGE)) for data in add or []]
        group._pending_proposals = [RemoveProposal(leaf) for leaf in remove or []]
        group._pending_proposals += [AddProposal(package.serialize()) for package in packages]
        if packages:
            nonce = group._rand_provider.random_bytes(32)
            psk = PreSharedKeyID(PSKType.EXTERNAL, psk_id=self._psk.id, psk_nonce=nonce)
            group._pending_proposals.append(PreSharedKeyProposal(psk))

        def sign(**fields: Any) -> MLSPlaintext:
            return sign_authenticated_content(**fields | {"authenticated_data": authenticated_data})

        def serialize(extensions: list[Extension]) -> bytes:
            return serialize_extensions(extensions + ([] if notes is None else [Extension(NOTES, notes)]))

        with (
            patch.object(processing, "sign_authenticated_content", sign),
            patch.object(processing, "serialize_extensions", serialize),
        ):
            pending = group.create_commit(self._crypto.signing_key)
        group.apply_own_commit(pending)
        commit = MLSMessage.from_public_message(pending.commit_message.auth_content).serialize()
        welcome = MLSMessage.from_welcome(pending.welcomes[0]).serialize() if pending.welcomes else None
        self._pending = (commit, group)
        return commit, welcome

    def apply(self, commit: bytes) -> None:
        """Go on to the next epoch, by the own commit or another's. Raises `MemberError`."""
        if self._pending is not None and self._pending[0] == commit:
            self._group, self._pending = self._pending[1], None
            return
        group = copy.deepcopy(self._state)
        try:
            content = AuthenticatedContent.deserialize(_content(commit, WireFormat.PUBLIC_MESSAGE))
            if content.tbs.framed_content.epoch != group.get_epoch():
                raise MemberError("epoch")
            group.process_commit(MLSPlaintext(content), content.tbs.framed_content.sender.sender)
        except Exception as error:
            raise MemberError("commit") from error
        self._group, self._pending = group, None

    def snapshot(self) -> MLSGroup | None:
        """The state as it is, to go back to with `restore` if a commit turns out void."""
        return self._group

    def restore(self, state: MLSGroup | None) -> None:
        """Go back; None: hold no state."""
        self._group, self._pending = state, None

    # -- What the epoch gives ---------------------------------------------------------------------------------------

    @property
    def _state(self) -> MLSGroup:
        if self._group is None:
            raise MemberError("not in a group")
        return self._group

    @property
    def epoch(self) -> int | None:
        """None outside of a group."""
        return None if self._group is None else self._group.get_epoch()

    @property
    def leaf(self) -> int:
        """This member's own."""
        return self._state.get_own_leaf_index()

    @property
    def authenticator(self) -> bytes:
        """The same for all who are in the same state (RFC 9420, section 8.7)."""
        return self._state.get_epoch_authenticator()

    @property
    def group_id(self) -> bytes:
        """The MLS group id."""
        return self._state.get_group_id()

    @property
    def leaf_keys(self) -> dict[int, bytes]:
        """Signature keys by leaf."""
        tree = self._state._ratchet_tree
        nodes = {leaf: tree.get_node(leaf * 2).leaf_node for leaf in self.roster}
        return {leaf: node.signature_key for leaf, node in nodes.items() if node is not None}

    @property
    def roster(self) -> dict[int, bytes]:
        """Identities by leaf."""
        return {leaf: identity for leaf, identity in self._state.get_member_identities() if identity}

    def export(self, label: bytes, context: bytes, length: int) -> bytes:
        """MLS-Exporter (RFC 9420, section 8.5), which hashes the context; the library does not."""
        return self._state.export_secret(label, self._crypto.hash(context), length)

    def sframe_base_key(self) -> bytes:
        """The base key of this epoch for suite AES_128_GCM_SHA256_128."""
        return self.export(SFRAME_LABEL, b"", 16)

    def seal(self, content: bytes) -> bytes:
        """An application message for everybody in the group."""
        return MLSMessage.from_private_message(self._state.protect(content, self._crypto.signing_key)).serialize()

    def open(self, message: bytes) -> tuple[int, bytes]:
        """The sender's leaf and the content. Raises `MemberError`, also for one's own messages."""
        try:
            ciphertext = MLSCiphertext.deserialize(_content(message, WireFormat.PRIVATE_MESSAGE))
            if ciphertext.epoch != self.epoch:
                raise MemberError("epoch")
            sender, content = self._state.unprotect(ciphertext)
        except Exception as error:
            raise MemberError("message") from error
        return sender, content


def _content(data: bytes, wanted: WireFormat) -> bytes:
    message = MLSMessage.deserialize(data)
    if message.wire_format != wanted:
        raise MemberError("wire format")
    return message.content
