// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace lyceum::net {

/// Where the certificate chain and the key lie, in PEM; and whom else to believe than those whom
/// this machine does.
struct CertificateFiles {
    std::string chain, key, trusted{};
};

/// Writes a self-signed P-256 certificate for `name`, good for ten years, unless both files are
/// there. The key is readable by its owner only. Throws std::runtime_error.
void ensure_certificate(const CertificateFiles& files, const std::string& name);

/// TLS 1.2 and 1.3 with these files. Throws boost::system::system_error.
std::shared_ptr<boost::asio::ssl::context> load_tls(const CertificateFiles& files);

/// For a connection of OpenSSL (SSL*) that is about to be opened: whom we want to reach, which has
/// to be what its certificate is for (RFC 5922 §7.1, of its DNS names), by somebody who is
/// believed.
void expect_name(void* connection, const std::string& name);

} // namespace lyceum::net
