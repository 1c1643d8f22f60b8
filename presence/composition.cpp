// SPDX-License-Identifier: Apache-2.0
#include "presence/composition.hpp"

#include "base/text.hpp"
#include "presence/date_time.hpp"

#include <algorithm>
#include <set>

namespace lyceum::presence {
namespace {

using xml::Element;

std::string text_of(const Document& document) {
    std::string out;
    for (const auto* parts :
         {&document.tuples, &document.persons, &document.devices, &document.notes})
        for (const auto& each : *parts) out += xml::write_bare(each);
    return out;
}

/// Rule 1.
std::vector<const Document*> in_order(const std::vector<const Document*>& published) {
    struct Key {
        std::string_view timestamp;
        std::string text;
        const Document* document;
    };
    std::vector<Key> keys;
    for (const auto* each : published) keys.push_back({each->timestamp(), text_of(*each), each});
    std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
        return a.timestamp != b.timestamp ? a.timestamp > b.timestamp : a.text < b.text;
    });
    std::vector<const Document*> out;
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (i == 0 || keys[i].text != keys[i - 1].text) out.push_back(keys[i].document);
    return out;
}

bool has_tuples_of_devices(const std::vector<const Document*>& published) {
    return std::any_of(published.begin(), published.end(), [](const Document* each) {
        return !each->is_hard_state && !each->tuples.empty();
    });
}

bool is_note(const Element& element) { return element.name == "note"; }

bool may_see(const Element& element, const View& view) {
    if (is_note(element)) return view.notes;
    if (element.ns == rpid_ns || element.ns == timed_ns) return view.activities;
    if (element.ns == cipid_ns) return view.contact;
    return view.others || element.ns == pidf_ns || element.ns == data_model_ns ||
           element.ns == caps_ns;
}

/// Of a tuple, person or device, what this watcher may see.
Element seen(Element part, const View& view) {
    std::erase_if(part.children, [&](const Element& each) { return !may_see(each, view); });
    for (auto& each : part.children)
        if (each.is(pidf_ns, "status")) each = seen(std::move(each), view);
    return part;
}

/// The one element for all persons, made of what each says (rule 3).
class PersonMerge {
public:
    void add(const Element& person) {
        if (id_.empty()) id_ = person.attribute("id").value_or("");
        for (const auto& each : person.children) {
            if (is_note(each)) add_once(notes_, each);
            else if (each.is(data_model_ns, "timestamp")) keep_newest(each);
            else if (each.is(rpid_ns, "activities")) add_activities(each);
            else if (std::none_of(said_.begin(), said_.end(), [&](const Element& known) {
                         return known.is(each.ns, each.name);
                     }))
                said_.push_back(each);
        }
    }
    void add_activity(const std::string& name) {
        add_once(activities_, {std::string(rpid_ns), name});
    }
    /// What his devices say of it is more (RFC 4480 §3.14).
    void add_idle(WallTime since) {
        const auto is_input = [](const Element& each) { return each.is(rpid_ns, "user-input"); };
        if (std::any_of(said_.begin(), said_.end(), is_input)) return;
        Element input{std::string(rpid_ns), "user-input", {}, "idle"};
        input.set("last-input", date_time_text(since));
        said_.push_back(std::move(input));
    }
    void add_note(const std::string& text) {
        add_once(notes_, {std::string(data_model_ns), "note", {}, text});
    }

    /// None, if nobody says anything.
    [[nodiscard]] std::optional<Element> merged() const {
        Element out{std::string(data_model_ns), "person"};
        out.set("id", id_.empty() ? "person" : id_);
        auto activities = activities_;
        if (activities.size() > 1)
            std::erase_if(activities,
                          [](const Element& each) { return each.is(rpid_ns, "unknown"); });
        if (!activities.empty())
            out.children.push_back({std::string(rpid_ns), "activities", {}, {}, activities});
        // The order of RFC 4479's schema: what there is, notes, timestamp.
        out.children.insert(out.children.end(), said_.begin(), said_.end());
        out.children.insert(out.children.end(), notes_.begin(), notes_.end());
        if (timestamp_) out.children.push_back(*timestamp_);
        if (out.children.empty()) return std::nullopt;
        return out;
    }

private:
    static void add_once(std::vector<Element>& to, Element element) {
        element.tail.clear();
        if (std::find(to.begin(), to.end(), element) == to.end()) to.push_back(std::move(element));
    }
    void add_activities(const Element& element) {
        for (const auto& each : element.children)
            if (is_note(each))
                add_once(notes_, {std::string(data_model_ns), "note", {}, each.text});
            else add_once(activities_, each);
    }
    void keep_newest(const Element& stamp) {
        if (!timestamp_ || trim(timestamp_->text) < trim(stamp.text)) timestamp_ = stamp;
    }

    std::string id_;
    std::vector<Element> activities_, said_, notes_;
    std::optional<Element> timestamp_;
};

Element tuple_of_server(std::string_view entity, bool reachable,
                        const std::vector<std::string>& capabilities) {
    const auto pidf = [](const char* name, std::string text) {
        return Element{std::string(pidf_ns), name, {}, std::move(text)};
    };
    auto tuple = pidf("tuple", {});
    tuple.set("id", "lyceum");
    auto status = pidf("status", {});
    status.children.push_back(pidf("basic", reachable ? "open" : "closed"));
    tuple.children.push_back(std::move(status));
    if (reachable && !capabilities.empty()) {
        Element all{std::string(caps_ns), "servcaps"};
        for (const auto& each : capabilities)
            all.children.push_back({std::string(caps_ns), each, {}, "true"});
        tuple.children.push_back(std::move(all));
    }
    tuple.children.push_back(pidf("contact", std::string(entity)));
    return tuple;
}

/// While it lasts, he is not to be reached (RFC 4481).
Element timed_status(const Facts::Coming& coming, bool with_note) {
    const std::string ns(timed_ns);
    Element out{ns, "timed-status"};
    out.set("from", date_time_text(coming.from));
    out.set("until", date_time_text(coming.until));
    out.children.push_back({ns, "basic", {}, "closed"});
    if (with_note) out.children.push_back({ns, "note", {}, coming.note});
    return out;
}

/// Behind the status, as the schema wants it.
void add_coming(Element& tuple, const std::vector<Facts::Coming>& coming, const View& view) {
    auto& parts = tuple.children;
    const auto status = std::find_if(
        parts.begin(), parts.end(), [](const Element& each) { return each.is(pidf_ns, "status"); });
    auto place = status == parts.end() ? parts.begin() : status + 1;
    for (const auto& each : coming) place = parts.insert(place, timed_status(each, view.notes)) + 1;
}

} // namespace

std::string compose(std::string_view entity, std::vector<const Document*> published,
                    const Facts& facts, const View& view) {
    Element root{std::string(pidf_ns), "presence"};
    root.set("entity", entity);
    PersonMerge person;
    std::vector<Element> devices, notes;
    std::set<std::string, std::less<>> ids;
    const auto with_own_id = [&](Element part) {
        const std::string id(part.attribute("id").value_or("device"));
        auto own = id;
        for (int number = 2; !ids.insert(own).second; ++number)
            own = id + "-" + std::to_string(number);
        part.set("id", own);
        return part;
    };
    if (!view.services || !has_tuples_of_devices(published)) {
        root.children.push_back(
            tuple_of_server(entity, view.services && facts.reachable, facts.capabilities));
        ids.emplace(*root.children.front().attribute("id"));
    }
    for (const auto* each : in_order(published)) {
        if (view.services)
            for (const auto& tuple : each->tuples)
                root.children.push_back(with_own_id(seen(tuple, view)));
        for (const auto& one : each->persons) person.add(seen(one, view));
        if (view.devices)
            for (const auto& device : each->devices)
                devices.push_back(with_own_id(seen(device, view)));
        if (view.notes) notes.insert(notes.end(), each->notes.begin(), each->notes.end());
    }
    if (view.activities) {
        for (const auto& name : facts.activities) person.add_activity(name);
        if (facts.idle_since) person.add_idle(*facts.idle_since);
        add_coming(root.children.front(), facts.coming, view);
    }
    if (view.notes)
        for (const auto& note : facts.notes) person.add_note(note);
    // The order of RFC 3863's schema: tuples, notes, what else there is.
    root.children.insert(root.children.end(), notes.begin(), notes.end());
    if (view != View::blocked())
        if (auto merged = person.merged()) root.children.push_back(with_own_id(std::move(*merged)));
    root.children.insert(root.children.end(), devices.begin(), devices.end());
    return xml::write(root);
}

Glance glance_at(const std::vector<const Document*>& published, const Facts& facts) {
    Glance out{!has_tuples_of_devices(published) && facts.reachable, facts.activities, facts.notes};
    const auto add = [](std::vector<std::string>& to, std::string_view text) {
        if (!text.empty() && std::find(to.begin(), to.end(), text) == to.end())
            to.emplace_back(text);
    };
    for (const auto* each : in_order(published)) {
        for (const auto& tuple : each->tuples) {
            const auto* status = tuple.child(pidf_ns, "status");
            const auto* basic = status ? status->child(pidf_ns, "basic") : nullptr;
            if (basic && trim(basic->text) == "open") out.available = true;
        }
        for (const auto& person : each->persons)
            for (const auto& part : person.children) {
                if (is_note(part)) add(out.notes, trim(part.text));
                if (!part.is(rpid_ns, "activities")) continue;
                for (const auto& activity : part.children)
                    if (!is_note(activity)) add(out.activities, activity.name);
            }
        for (const auto& note : each->notes) add(out.notes, trim(note.text));
    }
    return out;
}

} // namespace lyceum::presence
