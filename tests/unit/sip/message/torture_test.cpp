// SPDX-License-Identifier: Apache-2.0
/// The 49 messages of RFC 4475, each with what the RFC says should become of it here: at a user
/// agent that serves conferences and does not register anybody.
#include "sip/dialog/user_agent.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace lyceum::sip {
namespace {

constexpr int call = -1;    ///< Passed up as a new call.
constexpr int dropped = -2; ///< No answer is possible or due.

struct Row {
    const char* name;
    const char* section;
    int outcome; ///< A status code, or one of the above.
};

class Torture : public testing::TestWithParam<Row> {};

std::string read(const std::string& name) {
    std::ifstream in(std::string(LYCEUM_TEST_DATA) + "/rfc4475/" + name + ".dat", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST_P(Torture, BecomesWhatTheRfcSays) {
    const auto row = GetParam();
    const auto bytes = read(row.name);
    ASSERT_FALSE(bytes.empty());
    auto message = parse_message(bytes);
    if (!message) {
        EXPECT_EQ(row.outcome, dropped) << message.error().what;
        return;
    }
    EXPECT_EQ(message->bytes(), bytes);
    Random random(1);
    SeededEntropy entropy(1);
    const kit::FixedAddresses local;
    NullLog log;
    UserAgent agent({}, random, entropy, local, log);
    agent.handle_message(std::move(*message), {Transport::udp, kit::address("192.0.2.9", 5060), {}},
                         {});
    int outcome = dropped;
    while (const auto output = agent.poll()) {
        if (std::get_if<IncomingCall>(&*output)) outcome = call;
        if (const auto* sent = std::get_if<Transmit>(&*output))
            outcome = kit::parse(sent->bytes).status();
    }
    EXPECT_EQ(outcome, row.outcome) << "RFC 4475 " << row.section;
}

INSTANTIATE_TEST_SUITE_P(
    Rfc4475, Torture,
    testing::Values(Row{"wsinv", "3.1.1.1", 481 /* valid, and inside a dialog that is not here */},
                    Row{"intmeth", "3.1.1.2", 501}, Row{"esc01", "3.1.1.3", call},
                    Row{"escnull", "3.1.1.4", 405}, Row{"esc02", "3.1.1.5", 501},
                    Row{"lwsdisp", "3.1.1.6", 200}, Row{"longreq", "3.1.1.7", call},
                    Row{"dblreq", "3.1.1.8", 405}, Row{"semiuri", "3.1.1.9", 200},
                    Row{"transports", "3.1.1.10", 200}, Row{"mpart01", "3.1.1.11", 405},
                    Row{"unreason", "3.1.1.12", dropped}, Row{"noreason", "3.1.1.13", dropped},
                    Row{"badinv01", "3.1.2.1", dropped}, Row{"clerr", "3.1.2.2", 400},
                    Row{"ncl", "3.1.2.3", 400}, Row{"scalar02", "3.1.2.4", 400},
                    Row{"scalarlg", "3.1.2.5", dropped}, Row{"quotbal", "3.1.2.6", 400},
                    Row{"ltgtruri", "3.1.2.7", 400}, Row{"lwsruri", "3.1.2.8", 400},
                    Row{"lwsstart", "3.1.2.9", 400}, Row{"trws", "3.1.2.10", 400},
                    Row{"escruri", "3.1.2.11", 400}, Row{"baddate", "3.1.2.12", call},
                    Row{"regbadct", "3.1.2.13", 400}, Row{"badaspec", "3.1.2.14", 400},
                    Row{"baddn", "3.1.2.15", 400}, Row{"badvers", "3.1.2.16", 505},
                    Row{"mismatch01", "3.1.2.17", 400}, Row{"mismatch02", "3.1.2.18", 400},
                    Row{"bigcode", "3.1.2.19", dropped}, Row{"badbranch", "3.2.1", 200},
                    Row{"insuf", "3.3.1", dropped}, Row{"unkscm", "3.3.2", 416},
                    Row{"novelsc", "3.3.3", 416}, Row{"unksm2", "3.3.4", 405},
                    Row{"bext01", "3.3.5", 420}, Row{"invut", "3.3.6", 415},
                    Row{"regaut01", "3.3.7", 405}, Row{"multi01", "3.3.8", 400},
                    Row{"mcl01", "3.3.9", 400}, Row{"bcast", "3.3.10", dropped},
                    Row{"zeromf", "3.3.11", 200}, Row{"cparam01", "3.3.12", 405},
                    Row{"cparam02", "3.3.13", 405}, Row{"regescrt", "3.3.14", 405},
                    Row{"sdp01", "3.3.15", 406},
                    Row{"inv2543", "3.3.16", 400 /* no Contact: no dialog can be made with it */}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(TortureData, IsComplete) {
    std::size_t files = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(LYCEUM_TEST_DATA) + "/rfc4475"))
        files += entry.path().extension() == ".dat";
    EXPECT_EQ(files, 49u);
}

} // namespace
} // namespace lyceum::sip
