// SPDX-License-Identifier: Apache-2.0
#include "presence/xml.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace lyceum::presence::xml {
namespace {

std::string text_of(const xmlChar* text) {
    return text ? reinterpret_cast<const char*>(text) : std::string();
}

/// What the reader calls: builds the tree, and stops at the first thing that is wrong.
struct Builder {
    xmlParserCtxtPtr context = nullptr;
    std::optional<Element> root{};
    std::vector<Element> open{}; ///< From the root to where we are.
    std::size_t elements = 0;
    std::optional<Fault> fault{};

    void stop(std::string why) {
        if (!fault)
            fault = Fault(std::move(why), static_cast<std::size_t>(xmlByteConsumed(context)));
        xmlStopParser(context);
    }
};

Builder& builder(void* context) { return *static_cast<Builder*>(context); }

void start_element(void* user, const xmlChar* name, const xmlChar*, const xmlChar* ns, int,
                   const xmlChar**, int attribute_count, int, const xmlChar** attributes) {
    auto& it = builder(user);
    if (it.fault) return;
    if (++it.elements > elements_max) return it.stop("too many elements");
    if (it.open.size() >= depth_max) return it.stop("elements too deep in each other");
    Element element{text_of(ns), text_of(name)};
    for (int i = 0; i < attribute_count; ++i) {
        // Local name, prefix, namespace, and where the value begins and ends.
        const auto* each = attributes + std::ptrdiff_t{5} * i;
        element.attributes.push_back({text_of(each[2]), text_of(each[0]),
                                      std::string(reinterpret_cast<const char*>(each[3]),
                                                  static_cast<std::size_t>(each[4] - each[3]))});
    }
    it.open.push_back(std::move(element));
}

void end_element(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
    auto& it = builder(user);
    if (it.fault || it.open.empty()) return;
    auto element = std::move(it.open.back());
    it.open.pop_back();
    if (it.open.empty()) it.root = std::move(element);
    else it.open.back().children.push_back(std::move(element));
}

void characters(void* user, const xmlChar* text, int size) {
    auto& it = builder(user);
    if (it.fault || it.open.empty()) return;
    auto& parent = it.open.back();
    auto& where = parent.children.empty() ? parent.text : parent.children.back().tail;
    where.append(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
}

void document_type(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
    builder(user).stop("a document type is not taken");
}

void on_error(void* user, xmlErrorPtr error) {
    if (error->level < XML_ERR_ERROR) return;
    const std::string_view why = error->message ? error->message : "not well-formed";
    builder(user).stop(std::string(trim(why)));
}

/// What it has to say besides `on_error`, about encodings, it would write to the terminal.
void say_nothing(void*, const char*, ...) {}

xmlSAXHandler reader() {
    xmlSAXHandler handler{};
    handler.initialized = XML_SAX2_MAGIC;
    handler.startElementNs = start_element;
    handler.endElementNs = end_element;
    handler.characters = handler.cdataBlock = characters;
    handler.internalSubset = document_type;
    handler.serror = on_error;
    return handler;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

constexpr std::string_view xml_namespace = "http://www.w3.org/XML/1998/namespace";

/// The prefixes that the RFCs use.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> prefixes{{
    {"urn:ietf:params:xml:ns:pidf", "pidf"},
    {"urn:ietf:params:xml:ns:pidf:data-model", "dm"},
    {"urn:ietf:params:xml:ns:pidf:rpid", "rpid"},
    {"urn:ietf:params:xml:ns:pidf:timed-status", "ts"},
    {"urn:ietf:params:xml:ns:pidf:cipid", "ci"},
    {"urn:ietf:params:xml:ns:pidf:caps", "caps"},
    {"urn:ietf:params:xml:ns:common-policy", "cp"},
}};

void escape(std::string& out, std::string_view text, bool in_attribute) {
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '\r': out += "&#13;"; break;
        case '"': out += in_attribute ? "&quot;" : "\""; break;
        case '\n': out += in_attribute ? "&#10;" : "\n"; break;
        case '\t': out += in_attribute ? "&#9;" : "\t"; break;
        default: out += c;
        }
    }
}

class Writer {
public:
    explicit Writer(const Element& root) : default_(root.ns) { collect(root, true); }

    std::string write(const Element& root) {
        element(root, default_, true);
        return std::move(out_);
    }

private:
    void collect(const Element& element, bool is_root) {
        if (!is_root) know(element.ns);
        for (const auto& each : element.attributes) know_prefix(each.ns);
        for (const auto& each : element.children) collect(each, false);
    }
    void know(const std::string& ns) {
        if (ns != default_) know_prefix(ns);
    }
    void know_prefix(const std::string& ns) {
        if (ns.empty() || ns == xml_namespace || prefix_of(ns)) return;
        const auto* usual = std::find_if(prefixes.begin(), prefixes.end(),
                                         [&](const auto& each) { return each.first == ns; });
        known_.emplace_back(ns, usual != prefixes.end() ? std::string(usual->second)
                                                        : "n" + std::to_string(known_.size()));
    }
    [[nodiscard]] const std::string* prefix_of(const std::string& ns) const {
        for (const auto& [name, prefix] : known_)
            if (name == ns) return &prefix;
        return nullptr;
    }

    void element(const Element& it, const std::string& around, bool is_root) {
        const auto* prefix = it.ns == around || it.ns.empty() ? nullptr : prefix_of(it.ns);
        const auto name = prefix ? *prefix + ":" + it.name : it.name;
        // Without a namespace inside of one, or back in it.
        const bool changes = !prefix && (is_root ? !it.ns.empty() : it.ns != around);
        out_.append("<").append(name);
        if (changes) attribute("xmlns", it.ns);
        if (is_root)
            for (const auto& [ns, each] : known_) attribute("xmlns:" + each, ns);
        for (const auto& each : it.attributes) {
            const auto* of = each.ns.empty() ? nullptr : prefix_of(each.ns);
            const auto in_xml = each.ns == xml_namespace ? "xml:" : "";
            attribute(of ? *of + ":" + each.name : in_xml + each.name, each.value);
        }
        if (it.text.empty() && it.children.empty()) {
            out_.append("/>");
        } else {
            out_.append(">");
            escape(out_, it.text, false);
            for (const auto& each : it.children) element(each, prefix ? around : it.ns, false);
            out_.append("</").append(name).append(">");
        }
        if (!is_root) escape(out_, it.tail, false);
    }
    void attribute(std::string_view name, std::string_view value) {
        out_.append(" ").append(name).append("=\"");
        escape(out_, value, true);
        out_.append("\"");
    }

    std::string default_, out_;
    std::vector<std::pair<std::string, std::string>> known_;
};

} // namespace

const Element* Element::child(std::string_view namespace_name, std::string_view local) const {
    for (const auto& each : children)
        if (each.is(namespace_name, local)) return &each;
    return nullptr;
}

std::optional<std::string_view> Element::attribute(std::string_view local) const {
    for (const auto& each : attributes)
        if (each.ns.empty() && each.name == local) return each.value;
    return std::nullopt;
}

void Element::set(std::string_view local, std::string_view value) {
    for (auto& each : attributes)
        if (each.ns.empty() && each.name == local) {
            each.value = value;
            return;
        }
    attributes.push_back({{}, std::string(local), std::string(value)});
}

Result<Element, Fault> parse(std::string_view document) {
    if (document.size() > document_bytes_max)
        return Fault("document too large", document_bytes_max);
    auto handler = reader();
    Builder it;
    const std::unique_ptr<xmlParserCtxt, void (*)(xmlParserCtxtPtr)> context(
        xmlCreatePushParserCtxt(&handler, &it, nullptr, 0, nullptr), xmlFreeParserCtxt);
    if (!context) return Fault("no memory to read it", 0);
    it.context = context.get();
    xmlSetGenericErrorFunc(nullptr, say_nothing);
    xmlCtxtUseOptions(it.context, XML_PARSE_NONET);
    xmlParseChunk(it.context, document.data(), static_cast<int>(document.size()), 1);
    if (context->myDoc) xmlFreeDoc(context->myDoc); // Of the declaration, where there is one.
    if (it.fault) return *it.fault;
    if (!it.root) return Fault("no element", document.size());
    return std::move(*it.root);
}

// ── Schemas ──────────────────────────────────────────────────────────────────────────────────────

namespace {

/// The first thing that is wrong, of several that are said.
void note_first(void* user, xmlErrorPtr error) {
    auto& fault = *static_cast<std::optional<Fault>*>(user);
    if (!fault && error->level >= XML_ERR_ERROR)
        fault =
            Fault(std::string(trim(error->message ? error->message : "not as it should be")), 0);
}

} // namespace

Schema::Schema(std::string_view text) {
    const std::unique_ptr<xmlSchemaParserCtxt, void (*)(xmlSchemaParserCtxtPtr)> context(
        xmlSchemaNewMemParserCtxt(text.data(), static_cast<int>(text.size())),
        xmlSchemaFreeParserCtxt);
    schema_ = context ? xmlSchemaParse(context.get()) : nullptr;
    LYCEUM_ASSERT(schema_);
}

Schema::~Schema() { xmlSchemaFree(static_cast<xmlSchemaPtr>(schema_)); }

std::optional<Fault> Schema::check(const std::string& document) const {
    const std::unique_ptr<xmlDoc, void (*)(xmlDocPtr)> tree(
        xmlReadMemory(document.data(), static_cast<int>(document.size()), nullptr, nullptr,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
        xmlFreeDoc);
    if (!tree) return Fault("not well-formed", 0);
    const std::unique_ptr<xmlSchemaValidCtxt, void (*)(xmlSchemaValidCtxtPtr)> context(
        xmlSchemaNewValidCtxt(static_cast<xmlSchemaPtr>(schema_)), xmlSchemaFreeValidCtxt);
    if (!context) return Fault("no memory to look at it", 0);
    std::optional<Fault> fault;
    xmlSchemaSetValidStructuredErrors(context.get(), note_first, &fault);
    if (xmlSchemaValidateDoc(context.get(), tree.get()) != 0 && !fault)
        fault = Fault("not as its schema has it", 0);
    return fault;
}

// ── Documents ────────────────────────────────────────────────────────────────────────────────────

std::string write(const Element& root) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + write_bare(root) + "\n";
}

std::string write_bare(const Element& element) { return Writer(element).write(element); }

} // namespace lyceum::presence::xml
