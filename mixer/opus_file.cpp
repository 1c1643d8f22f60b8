// SPDX-License-Identifier: Apache-2.0
#include "mixer/sound_source.hpp"

#include <opusfile.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lyceum::mixer {
namespace {

struct Free {
    void operator()(OggOpusFile* file) const { op_free(file); }
};

class OpusFile final : public SoundSource {
public:
    OpusFile(OggOpusFile* file, std::shared_ptr<const Bytes> memory)
        : memory_(std::move(memory)), file_(file) {}

    /// Packets of the file need not be as long as a tick: what is left over is kept.
    bool read(Frame& frame) override {
        frame.fill(0);
        std::size_t filled = 0;
        while (filled < frame.size()) {
            if (at_ == end_ && !decode()) break;
            const auto count = std::min(frame.size() - filled, end_ - at_);
            for (std::size_t i = 0; i < count; ++i)
                frame[filled + i] =
                    static_cast<Sample>((stereo_[2 * (at_ + i)] + stereo_[2 * (at_ + i) + 1]) / 2);
            filled += count;
            at_ += count;
        }
        return filled > 0;
    }

private:
    bool decode() {
        const int count =
            op_read_stereo(file_.get(), stereo_.data(), static_cast<int>(stereo_.size()));
        at_ = 0;
        end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
        return count > 0;
    }

    std::shared_ptr<const Bytes> memory_; ///< None: it is somebody else's.
    std::unique_ptr<OggOpusFile, Free> file_;
    std::array<opus_int16, 2 * 5760> stereo_{}; ///< The longest packet there is, 120 ms.
    std::size_t at_ = 0, end_ = 0;
};

Result<Sound, Fault> open(ByteView file, std::shared_ptr<const Bytes> memory) {
    static constexpr ogg_int64_t samples_max = ogg_int64_t{3600} * sample_rate;
    int error = 0;
    std::unique_ptr<OggOpusFile, Free> opened(op_open_memory(file.data(), file.size(), &error));
    if (!opened) return Fault{"this is no Opus file", 0};
    if (op_pcm_total(opened.get(), -1) > samples_max)
        return Fault{"a sound lasts up to an hour", 0};
    return Sound(std::make_shared<OpusFile>(opened.release(), std::move(memory)));
}

} // namespace

Result<Sound, Fault> opus_file(ByteView file) { return open(file, {}); }

Result<Sound, Fault> opus_file(std::shared_ptr<const Bytes> file) {
    const ByteView bytes(*file);
    return open(bytes, std::move(file));
}

} // namespace lyceum::mixer
