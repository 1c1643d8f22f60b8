// SPDX-License-Identifier: Apache-2.0
/// Who hears whom in a conference, and what is played to them.
#include "base/assert.hpp"
#include "mixer/conference_media.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::mixer {

void ConferenceMedia::set_part(LegId id, const Part& part) {
    auto* leg = find(id);
    if (!leg || leg->part == part) return;
    if (leg->part.circle != part.circle) {
        auto& circle = circle_of(part.circle);
        ++circle.legs;
        leave_circle(*leg);
        leg->circle = &circle;
        leg->gain = 0; // Its voice fades in.
    }
    leg->part = part;
    rekey(*leg);
}

ConferenceMedia::Circle& ConferenceMedia::circle_of(CircleId id) {
    const auto [place, fresh] = circles_.try_emplace(id);
    auto& circle = place->second;
    if (fresh) {
        circle.options.speakers_max = options_.speakers_max;
        circle.own = circle.total = Total(tick_samples_);
        circle.mix = Frame(tick_samples_);
    }
    return circle;
}

void ConferenceMedia::leave_circle(const Leg& leg) {
    const auto left = circles_.find(leg.part.circle);
    if (--left->second.legs == 0 && !left->second.kept) circles_.erase(left);
}

void ConferenceMedia::set_circle(CircleId id, CircleOptions options) {
    auto& circle = circle_of(id);
    circle.options = std::move(options);
    circle.kept = true;
}

void ConferenceMedia::remove_circle(CircleId id) {
    const auto found = circles_.find(id);
    if (found == circles_.end()) return;
    found->second.options.overhears.clear();
    found->second.kept = false;
    if (found->second.legs == 0) circles_.erase(found);
}

void ConferenceMedia::play(LegId id, Sound sound) {
    if (auto* leg = find(id)) leg->sounds.push(std::move(sound));
}

void ConferenceMedia::play(CircleId id, Sound sound) {
    if (const auto found = circles_.find(id); found != circles_.end())
        found->second.sounds.push(std::move(sound));
}

void ConferenceMedia::hush(LegId id) {
    if (auto* leg = find(id)) leg->sounds.clear();
}

void ConferenceMedia::hush(CircleId id) {
    if (const auto found = circles_.find(id); found != circles_.end()) found->second.sounds.clear();
}

/// The encoders come along: circles have numbers that no other conference uses, so nobody hears
/// another encoder than before. Only where the two conferences are in the middle of a long packet,
/// and not at the same place of it, that packet is lost.
void ConferenceMedia::absorb(ConferenceMedia&& other) {
    LYCEUM_ASSERT(other.tick_samples_ == tick_samples_ && other.outputs_.empty());
    LYCEUM_ASSERT(other.options_.spatial == options_.spatial && !options_.echo);
    const auto from = other.position_, to = position_;
    const auto in_step = [&](const EncodingKey& key) {
        const auto packet = samples_in(std::chrono::milliseconds(std::get<2>(key)));
        return from % packet == to % packet;
    };
    if (const auto found = other.circles_.find({}); found != other.circles_.end())
        for (auto& leg : other.legs_)
            if (leg->circle == &found->second) {
                leg->circle = &circle_of({});
                ++leg->circle->legs;
            }
    circles_.merge(other.circles_);
    for (auto& [key, encoding] : other.shared_) encoding.rebase(in_step(key) ? from : from + 1, to);
    shared_.merge(other.shared_);
    for (auto& leg : other.legs_) {
        leg->media.rebase(from, to, random_);
        if (leg->own) leg->own->rebase(in_step(leg->key) ? from : from + 1, to);
        legs_.push_back(std::move(leg));
    }
    std::sort(legs_.begin(), legs_.end(),
              [](const auto& a, const auto& b) { return a->id < b->id; });
    counters_.packets += other.counters_.packets;
    counters_.strangers += other.counters_.strangers;
}

/// Each circle's voices, then what it hears of others, then both as a mix.
void ConferenceMedia::mix_circles() {
    Frame played(tick_samples_);
    for (auto& [id, circle] : circles_) {
        circle.sounds_out = !circle.sounds.empty();
        circle.sounds.read(played);
        circle.own.fill(0);
        if (circle.sounds_out) add(circle.own, played);
    }
    for (auto* leg : speaking_) {
        leg->circle->sounds_out = true;
        leg->mixed_db = leg->present ? level_db(leg->frame) : silence_db;
        if (leg->present) add(leg->circle->own, leg->frame);
    }
    for (auto& [id, circle] : circles_) {
        circle.total = circle.own;
        bool any = circle.sounds_out;
        for (const auto& [other, gain] : circle.options.overhears) {
            const auto found = circles_.find(other);
            if (found == circles_.end() || !found->second.sounds_out) continue;
            add(circle.total, found->second.own, gain);
            any = true;
        }
        circle.limiter.apply(circle.total, circle.mix);
        circle.mix_db = any ? level_db(circle.mix) : silence_db;
    }
}

/// Whose voices are in what a leg is sent in this tick, and how loud each was. A source has the
/// number of its leg: each leg is an RTP session of its own, and two may have chosen the same SSRC.
void ConferenceMedia::find_sources(const Leg& leg) {
    sources_.clear();
    if (!options_.echo && !leg.hears_circle()) return;
    const auto& overheard = leg.circle->options.overhears;
    for (const auto* speaker : speaking_) {
        if (sources_.size() == rtp::sources_max) return;
        if (!speaker->present || (speaker == &leg) != options_.echo) continue;
        const bool heard = speaker->circle == leg.circle ||
                           std::any_of(overheard.begin(), overheard.end(), [&](const auto& each) {
                               return each.circle == speaker->part.circle;
                           });
        if (heard)
            sources_.push_back({static_cast<std::uint32_t>(speaker->id.value),
                                rtp::audio_level(speaker->mixed_db)});
    }
}

} // namespace lyceum::mixer
