// SPDX-License-Identifier: Apache-2.0
#include "server/net/speech.hpp"

#include "mixer/resampler.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <utility>

extern "C" char** environ; // POSIX, which declares it nowhere.

namespace lyceum::net {
namespace {

constexpr int patience_ms = 5000; // For a program that should take a tenth of a second.

/// One end of a pipe.
struct Descriptor {
    explicit Descriptor(int number) : fd(number) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    void close() {
        if (fd >= 0) ::close(std::exchange(fd, -1));
    }
    int fd;
};

/// Runs it with this text as its input. Empty: there is no such program, or it took too long.
std::string output_of(const std::array<const char*, 6>& command, std::string_view input,
                      std::size_t most) {
    std::array<int, 2> in{}, out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0) return {};
    Descriptor in_read(in[0]), in_write(in[1]);
    if (pipe2(out.data(), O_CLOEXEC) != 0) return {};
    Descriptor out_read(out[0]), out_write(out[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in_read.fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out_write.fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, command[0], &actions, nullptr,
                                    const_cast<char* const*>(command.data()), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return {};
    in_read.close();
    out_write.close();
    // Shorter than a pipe holds: this waits for nobody.
    const bool written =
        write(in_write.fd, input.data(), input.size()) == static_cast<ssize_t>(input.size());
    in_write.close();
    std::string text;
    std::array<char, 65536> part{};
    bool whole = false;
    while (written && text.size() < most) {
        pollfd ready{out_read.fd, POLLIN, 0};
        if (poll(&ready, 1, patience_ms) <= 0) break;
        const auto count = read(out_read.fd, part.data(), part.size());
        whole = count == 0;
        if (count <= 0) break;
        text.append(part.data(), static_cast<std::size_t>(count));
    }
    if (!whole) kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    return whole || text.size() >= most ? text : std::string();
}

/// The samples of a WAV file (mono, 16 bits) and their rate.
std::pair<std::vector<mixer::Sample>, unsigned> samples_of(std::string_view wav) {
    static constexpr std::size_t rate_at = 24;
    if (!wav.starts_with("RIFF") || wav.size() < 44) return {};
    const auto data = wav.find("data");
    if (data == std::string_view::npos || data + 8 > wav.size()) return {};
    std::uint32_t rate = 0;
    std::memcpy(&rate, wav.data() + rate_at, sizeof rate);
    const auto sound = wav.substr(data + 8);
    std::vector<mixer::Sample> out(sound.size() / sizeof(mixer::Sample));
    std::memcpy(out.data(), sound.data(), out.size() * sizeof(mixer::Sample));
    return {std::move(out), rate};
}

} // namespace

Speech::Speech(Log& log)
    : log_(log), thread_([this] {
          pthread_setname_np(pthread_self(), "speech");
          sigset_t broken; // A program that ends before it has read everything is no reason to end.
          sigemptyset(&broken);
          sigaddset(&broken, SIGPIPE);
          pthread_sigmask(SIG_BLOCK, &broken, nullptr);
          run();
      }) {}

Speech::~Speech() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        waiting_.clear();
    }
    changed_.notify_one();
    thread_.join();
}

void Speech::speak(std::string text, std::string language, Spoken spoken) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() < waiting_max) {
            waiting_.push_back({std::move(text), std::move(language), std::move(spoken)});
            spoken = {};
        }
    }
    if (spoken) spoken({}); // Too much is to be said.
    else changed_.notify_one();
}

void Speech::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        const auto wanted = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        wanted.spoken(voice(wanted));
        lock.lock();
    }
}

std::vector<mixer::Sample> Speech::voice(const Wanted& wanted) {
    static constexpr std::size_t rate_max = 48'000;
    const char* name = wanted.language == "en" ? "en-gb" : wanted.language.c_str();
    const auto wav = output_of({"espeak-ng", "-v", name, "--stdin", "--stdout", nullptr},
                               wanted.text, seconds_max * rate_max * sizeof(mixer::Sample));
    const auto [samples, rate] = samples_of(wav);
    if (samples.empty() || rate == 0) {
        log_.warning("speech.none", {{"why", "espeak-ng is not there, or said nothing"}});
        return {};
    }
    mixer::Resampler resampler(rate, mixer::sample_rate);
    std::vector<mixer::Sample> out;
    resampler.run(samples, out);
    return out;
}

} // namespace lyceum::net
