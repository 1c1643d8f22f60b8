// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace lyceum::web {

/// What a telephone has to know to be somebody's.
struct PhoneSetup {
    std::string user, domain, realm;
    std::string algorithm, ha1; ///< "MD5" or "SHA-256", and H(user:realm:password) by it.
    std::string proxy;          ///< "sip:example.org:5061;transport=tls"
};

/// As Linphone reads it when it is pointed at the link (its remote provisioning): a document of
/// sections and entries.
std::string linphone_document(const PhoneSetup& setup);

} // namespace lyceum::web
