// SPDX-License-Identifier: Apache-2.0
/// Runs the scripts of tests/scripts/jitter: a line puts packets in, a line takes turns out.
#include "base/random.hpp"
#include "rtp/jitter_buffer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace lyceum::rtp {
namespace {

constexpr std::uint32_t clock_rate = 8000;
constexpr std::uint32_t packet_units = 160;

class Bench {
public:
    explicit Bench(JitterBuffer::Options options = {.clock_rate = clock_rate}) : buffer(options) {}

    JitterBuffer::Insert put(int number, TimePoint at, std::uint32_t timestamp) {
        const Bytes payload{static_cast<std::uint8_t>(number)};
        return buffer.insert(static_cast<std::uint64_t>(number) + 1000, {0, false, 0, timestamp, 1},
                             payload, at);
    }
    JitterBuffer::Insert put(int number, TimePoint at) {
        return put(number, at, static_cast<std::uint32_t>(number) * packet_units);
    }

    /// The number of the packet that is played, C for concealment (F: with FEC at hand), - for
    /// silence.
    std::string take(TimePoint at) {
        const auto turn = buffer.take(20ms, at);
        if (const auto* play = std::get_if<JitterBuffer::Play>(&turn))
            return std::to_string(play->packet.payload[0]);
        if (const auto* conceal = std::get_if<JitterBuffer::Conceal>(&turn))
            return conceal->next ? "F" : "C";
        return "-";
    }

    JitterBuffer buffer;
};

/// `put N@MS …`, `take MS: expected …` (one turn every 20 ms), `#` a comment.
void run_script(const std::filesystem::path& path) {
    SCOPED_TRACE(path.filename().string());
    std::ifstream in(path);
    Bench bench;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        std::istringstream words(line);
        std::string word;
        if (!(words >> word) || word[0] == '#') continue;
        if (word == "put") {
            while (words >> word) {
                const auto at = word.find('@');
                bench.put(std::stoi(word.substr(0, at)),
                          TimePoint(std::stoi(word.substr(at + 1)) * 1ms));
            }
        } else if (word == "take") {
            words >> word;
            auto now = TimePoint(std::stoi(word) * 1ms);
            for (std::string expected; words >> expected; now += 20ms)
                EXPECT_EQ(bench.take(now), expected)
                    << "line " << number << " at " << now.time_since_epoch() / 1ms << " ms";
        } else {
            ADD_FAILURE() << "line " << number << ": " << line;
        }
    }
}

TEST(JitterBuffer, Scripts) {
    std::vector<std::filesystem::path> scripts;
    for (const auto& entry :
         std::filesystem::directory_iterator(LYCEUM_SOURCE "/tests/scripts/jitter"))
        scripts.push_back(entry.path());
    EXPECT_GE(scripts.size(), 6u);
    for (const auto& path : scripts) run_script(path);
}

TEST(JitterBuffer, TheDelayFollowsTheJitterAndComesBack) {
    Bench bench;
    Random random(3);
    TimePoint now{};
    int number = 0;
    const auto send = [&](int packets, int jitter_ms) {
        for (int i = 0; i < packets; ++i, ++number, now += 20ms)
            bench.buffer.insert(static_cast<std::uint64_t>(number) + 1000,
                                {0, false, 0, static_cast<std::uint32_t>(number) * packet_units, 1},
                                Bytes{1}, now + random.between(0, jitter_ms) * 1ms),
                bench.take(now);
    };
    send(500, 2);
    EXPECT_LE(bench.buffer.target(), 15ms);
    send(1000, 80);
    EXPECT_GE(bench.buffer.target(), 70ms);
    EXPECT_LE(bench.buffer.target(), 100ms);
    send(4000, 2);
    EXPECT_LE(bench.buffer.target(), 15ms) << "recovers after a bad spell";
}

TEST(JitterBuffer, MemoryIsBoundedWhateverComes) {
    Bench bench;
    Random random(4);
    for (int i = 0; i < 20000; ++i) {
        const auto number = random.between(0, 100000);
        bench.buffer.insert(static_cast<std::uint64_t>(number), {0, false, 0, random.u32(), 1},
                            Bytes(50), TimePoint(i * 1ms));
        ASSERT_LE(bench.buffer.size(), 100u);
        if (i % 20 == 0) bench.take(TimePoint(i * 1ms));
    }
    EXPECT_GT(bench.buffer.counters().overflow, 0u);
}

/// A sender's clock that is wrong by 200 ppm gains or loses 17 s in a day; the delay must not.
TEST(JitterBuffer, SurplusShowsDrift) {
    for (const int ppm : {-200, 200}) {
        Bench bench;
        TimePoint now{};
        for (int i = 0; i < 100'000; ++i) {
            const auto sent = Duration(std::int64_t{i} * (20'000 - ppm * 20 / 1000));
            bench.buffer.insert(static_cast<std::uint64_t>(i) + 1000,
                                {0, false, 0, static_cast<std::uint32_t>(i) * packet_units, 1},
                                Bytes{1}, TimePoint(sent));
            now = TimePoint(sent);
            // The owner leaves one out when too much waits, and waits a turn when too little does.
            if (bench.buffer.surplus(now) > 15ms && bench.buffer.size() > 1) bench.take(now);
            if (bench.buffer.surplus(now) > -15ms) bench.take(now);
            ASSERT_LE(bench.buffer.size(), 6u) << ppm << " ppm, packet " << i;
        }
    }
}

} // namespace
} // namespace lyceum::rtp
