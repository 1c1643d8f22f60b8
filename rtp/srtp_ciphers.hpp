// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lyceum::rtp {

/// Gives libsrtp2 AES counter mode, AES-GCM and HMAC-SHA1 over OpenSSL, in place of those that it
/// was built with: Debian's are over NSS and slow down with each session of the process. Call once,
/// after `srtp_init`; false if libsrtp2 refuses one, which runs its own test vectors on each.
bool use_openssl_ciphers();

} // namespace lyceum::rtp
