/** The adapter and what the vectors need of ts-mls, in one bundle: checked is what the bundler made of it. */
export {
  decodeMlsMessage,
  encodeMlsMessage,
  joinGroup,
  makePskIndex,
  mlsExporter,
  processPrivateMessage,
  processPublicMessage,
} from "ts-mls";
export { decodeCommit, encodeCommit } from "ts-mls/commit.js";
export { refhash } from "ts-mls/crypto/hash.js";
export { decryptWithLabel, encryptWithLabel } from "ts-mls/crypto/hpke.js";
export { deriveSecret, deriveTreeSecret, expandWithLabel } from "ts-mls/crypto/kdf.js";
export { signWithLabel, verifyWithLabel } from "ts-mls/crypto/signature.js";
export { encodeGroupContext } from "ts-mls/groupContext.js";
export { verifyGroupInfoConfirmationTag, verifyGroupInfoSignature } from "ts-mls/groupInfo.js";
export { makeKeyPackageRef } from "ts-mls/keyPackage.js";
export { initializeEpoch } from "ts-mls/keySchedule.js";
export { protectApplicationData, unprotectPrivateMessage } from "ts-mls/messageProtection.js";
export { protectProposalPublic, unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";
export { encodeProposal } from "ts-mls/proposal.js";
export { decodeRatchetTree } from "ts-mls/ratchetTree.js";
export { createSecretTree } from "ts-mls/secretTree.js";
export { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
export * from "../../../../web/client/e2ee/mls/adapter";
export { decode } from "../../../../web/client/e2ee/mls/messages";
export * from "../../../../web/client/e2ee/mls/policy";
export { suite } from "../../../../web/client/e2ee/mls/suite";
