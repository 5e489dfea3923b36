"""The ratchet tree of `rfc9420` 1.3.0 with its update path put right, so that its commits hold for others too.

The library's own path keeps the committer's old leaf key and old signature, leaves the new leaf out of the tree hash,
and drops path nodes above nobody but newcomers (RFC 9420, sections 7.4 to 7.6 and 4.1.2). Receiving is the library's.
"""

from __future__ import annotations

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from rfc9420 import DefaultCryptoProvider
from rfc9420.codec.tls import write_opaque_varint
from rfc9420.crypto import labels
from rfc9420.crypto.hpke_labels import encrypt_with_label
from rfc9420.messages.data_structures import GroupContext, Signature, UpdatePath, UpdatePathNode
from rfc9420.messages.key_packages import LeafNode, LeafNodeSource
from rfc9420.protocol.tree import tree_math
from rfc9420.protocol.tree.ratchet_tree import RatchetTree
from rfc9420.protocol.tree.ratchet_tree_backend import create_tree_backend, register_tree_backend

BACKEND = "signed"


class Crypto(DefaultCryptoProvider):
    """Cipher suite 1, and the key that signs this member's leaf."""

    def __init__(self, signing_key: bytes) -> None:
        super().__init__(suite_id=1)
        self.signing_key = signing_key


class Tree(RatchetTree):
    """See the module's text."""

    backend_id = BACKEND

    def _filtered_direct_path_pairs(
        self, node_index: int, excluded_leaf_pubkeys: set[bytes] | None = None
    ) -> list[tuple[int, int]]:
        return super()._filtered_direct_path_pairs(node_index)

    def own_parent_hash(self, leaf_index: int) -> bytes:
        """What the leaf itself says."""
        leaf = self.get_node(leaf_index * 2).leaf_node
        assert leaf is not None
        return leaf.parent_hash

    def create_update_path(
        self,
        committer_index: int,
        new_leaf_node: LeafNode,
        group_context_bytes: bytes,
        excluded_leaf_pubkeys: set[bytes] | None = None,
    ) -> tuple[UpdatePath, bytes, dict[int, bytes]]:
        crypto = self._crypto_provider
        assert isinstance(crypto, Crypto)
        context = GroupContext.deserialize(group_context_bytes)
        at = committer_index * 2
        pairs = self._filtered_direct_path_pairs(at)
        secrets: dict[int, bytes] = {}
        secret = self._rand_provider.random_bytes(crypto.kdf_hash_len())
        filtered = {index for index, _ in pairs}
        for index in tree_math.direct_path(at, self.n_leaves):
            node = self.get_node(index)
            node.unmerged_leaves, node.private_key, node.public_key, node.parent_hash = [], None, None, b""
            if index in filtered:
                secrets[index] = secret
                node_secret = crypto.derive_secret(secret, b"node")
                node.private_key, node.public_key = crypto.derive_key_pair(node_secret)
                secret = crypto.derive_secret(secret, b"path")
        self._set_filtered_path_parent_hashes(at, pairs)
        leaf = self._new_leaf(committer_index, new_leaf_node, context.group_id, crypto)
        context = replace(context, tree_hash=self.calculate_tree_hash())
        nodes: list[UpdatePathNode] = []
        for index, copath in pairs:
            key = self.get_node(index).public_key
            assert key is not None
            sealed: list[bytes] = []
            for reader in self.resolve(copath, excluded_leaf_pubkeys=excluded_leaf_pubkeys):
                assert reader.public_key is not None
                kem, ciphertext = encrypt_with_label(
                    crypto,
                    recipient_public_key=reader.public_key,
                    label=labels.HPKE_UPDATE_PATH_NODE,
                    context=context.serialize(),
                    aad=b"",
                    plaintext=secrets[index],
                )
                sealed.append(write_opaque_varint(kem) + write_opaque_varint(ciphertext))
            nodes.append(UpdatePathNode(key, sealed))
        return UpdatePath(leaf.serialize(), nodes), secret, secrets

    def _new_leaf(self, leaf_index: int, old: LeafNode, group_id: bytes, crypto: Crypto) -> LeafNode:
        """The committer's leaf with a fresh key, signed and put into the tree."""
        private = X25519PrivateKey.generate()
        leaf = replace(
            old,
            encryption_key=private.public_key().public_bytes_raw(),
            leaf_node_source=LeafNodeSource.COMMIT,
            lifetime_not_before=0,
            lifetime_not_after=0,
            parent_hash=self._compute_parent_hash_for_leaf(leaf_index),
            signature=b"",
        )
        tbs = leaf.tbs_serialize(group_id, leaf_index)
        leaf = replace(leaf, signature=Signature(crypto.sign_with_label(crypto.signing_key, b"LeafNodeTBS", tbs)))
        node = self.get_node(leaf_index * 2)
        node.public_key, node.private_key, node.leaf_node = leaf.encryption_key, private.private_bytes_raw(), leaf
        self._recalculate_hashes_from(leaf_index * 2)
        return leaf


def register() -> None:
    """Make the library know this tree under the name `BACKEND`."""
    # The library fills its table with its own trees only while the table is empty.
    create_tree_backend(DefaultCryptoProvider(suite_id=1))
    register_tree_backend(BACKEND, lambda crypto, rand: Tree(crypto, rand))
