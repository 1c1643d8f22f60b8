// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/auth/digest_client.hpp"
#include "sip/message/message.hpp"
#include "sip/message/writer.hpp"

#include <cstdint>
#include <map>

/// What goes from one side of a back-to-back user agent to the other, and what does not.
namespace lyceum::b2bua {

/// The sequence numbers of INVITEs: as one side counts them, and as we do toward the other.
using InviteNumbers = std::map<std::uint32_t, std::uint32_t>;

/// Copies what the two ends say to each other: all header fields, known to us or not, but those
/// that belong to one side alone (its dialog, its way, its passwords, who it believes whom to be)
/// and those that tell where somebody is (RFC 7092 §3.1.3). A RAck names the INVITE by the number
/// that it has on the other side; none known: it is left out. `anonymously`: without what else may
/// tell who it is (RFC 3323 §5.3).
void copy_across(sip::MessageWriter& writer, const sip::Message& from, const InviteNumbers& numbers,
                 bool anonymously = false);

/// The same request once more, with what its challenge asked for.
sip::Message with_credentials(const sip::Message& request, std::uint32_t cseq,
                              const sip::Credentials& credentials);

} // namespace lyceum::b2bua
