// SPDX-License-Identifier: Apache-2.0
#include "server/net/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

namespace lyceum::net {
namespace {

template <class T, void (*Free)(T*)>
struct Deleter {
    void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;
struct CloseFile {
    void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

File create(const std::string& path, mode_t mode) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (descriptor < 0) throw std::runtime_error("cannot write " + path);
    return File(fdopen(descriptor, "w"));
}

void add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (!extension) throw std::runtime_error("cannot make a certificate for " + value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

} // namespace

void ensure_certificate(const CertificateFiles& files, const std::string& name) {
    if (std::filesystem::exists(files.chain) && std::filesystem::exists(files.key)) return;
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    std::uint64_t serial = 0;
    if (!key || !certificate || RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 8) != 1)
        throw std::runtime_error("cannot make a key");
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 10L * 365 * 86400);
    X509_set_pubkey(certificate.get(), key.get());
    auto* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    add_extension(certificate.get(), NID_subject_alt_name, "DNS:" + name + ",URI:sip:" + name);
    if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
        throw std::runtime_error("cannot sign the certificate");
    const auto key_file = create(files.key, 0600);
    const auto chain_file = create(files.chain, 0644);
    if (PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
            1 ||
        PEM_write_X509(chain_file.get(), certificate.get()) != 1)
        throw std::runtime_error("cannot write " + files.chain);
}

std::shared_ptr<boost::asio::ssl::context> load_tls(const CertificateFiles& files) {
    using boost::asio::ssl::context;
    auto out = std::make_shared<context>(context::tls);
    out->set_options(context::default_workarounds | context::no_sslv2 | context::no_sslv3 |
                     context::no_tlsv1 | context::no_tlsv1_1);
    out->use_certificate_chain_file(files.chain);
    out->use_private_key_file(files.key, context::pem);
    out->set_default_verify_paths();
    if (!files.trusted.empty()) out->load_verify_file(files.trusted);
    return out;
}

void expect_name(void* connection, const std::string& name) {
    auto* ssl = static_cast<SSL*>(connection);
    // What SSL_set_tlsext_host_name stands for; it copies the name.
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    // What cannot be the name of anybody is nobody's.
    if (SSL_set1_host(ssl, name.c_str()) != 1)
        SSL_set_verify(ssl, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 0; });
}

} // namespace lyceum::net
