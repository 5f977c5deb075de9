/* Media types of files. The tables are short on purpose: an unknown extension is not wrong, it is
 * only saved instead of shown. */
#include "wire/media_type.h"

#include "base/text.h"
#include "wire/field.h"

/* In the order of the extensions; each type as it is registered with IANA or used by browsers. */
static const struct {
    const char *extension, *type;
} by_extension[] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apk", "application/vnd.android.package-archive"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/plain"},
    {"conf", "text/plain"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"deb", "application/vnd.debian.binary-package"},
    {"diff", "text/plain"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"h", "text/plain"},
    {"heic", "image/heic"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/x-icon"},
    {"iso", "application/x-iso9660-image"},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"log", "text/plain"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"md", "text/markdown"},
    {"mjs", "text/javascript"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"patch", "text/plain"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"rar", "application/vnd.rar"},
    {"rtf", "application/rtf"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"txt", "text/plain"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

/* What a browser shows without running anything of it. */
static const char *const inline_safe[] = {
    "application/pdf", "audio/aac",  "audio/flac", "audio/mp4",   "audio/mpeg", "audio/ogg",
    "audio/wav",       "audio/wave", "audio/webm", "audio/x-wav", "image/apng", "image/avif",
    "image/bmp",       "image/gif",  "image/jpeg", "image/png",   "image/webp", "image/x-icon",
    "text/plain",      "video/mp4",  "video/ogg",  "video/webm",
};

/* What some client of a form or a tool says of any file, and so means nothing; a form sent as a
 * body without being one (curl --data-binary) among them. */
static const char *const meaningless[] = {
    "application/octet-stream", "application/x-www-form-urlencoded",
    "application/unknown",      "application/force-download",
    "binary/octet-stream",
};

/* What a browser could run when it is embedded or opened. */
static const char *const running[] = {
    "application/hta", "application/wasm", "application/x-shockwave-flash",
    "application/xml", "message/rfc822",   "text/css",
    "text/html",       "text/xml",         "text/xsl",
};

static bool is_listed(struct slice type, const char *const *list, size_t list_len)
{
    for (size_t i = 0; i < list_len; i++)
        if (slice_is_same_word(type, slice_of(list[i])))
            return true;
    return false;
}

static bool has_suffix(struct slice type, struct slice suffix)
{
    return type.len >= suffix.len &&
           slice_is_same_word(slice_skip(type, type.len - suffix.len), suffix);
}

/* The type at the front of a Content-Type; empty when the field is malformed. */
static struct slice read_type(struct slice field)
{
    struct slice rest = slice_trim(field), whole = rest;
    struct field_parameter parameter;
    if (field_take_token(&rest).len == 0 || !field_take_byte(&rest, '/') ||
        field_take_token(&rest).len == 0)
        return SLICE_NONE;

    struct slice type = slice_head(whole, whole.len - rest.len);
    int got;
    do
        got = field_take_parameter(&rest, &parameter);
    while (got > 0);
    return got == 0 && rest.len == 0 && type.len <= MEDIA_TYPE_BYTES_MAX ? type : SLICE_NONE;
}

static bool is_meaningful(struct slice type)
{
    return type.len > 0 && !is_listed(type, meaningless, ARRAY_LEN(meaningless)) &&
           !slice_is_same_word(slice_head(type, 10), SLICE("multipart/"));
}

static struct slice type_of_extension(struct slice file_name)
{
    size_t dot = file_name.len;
    while (dot > 0 && file_name.ptr[dot - 1] != '.')
        dot--;
    for (size_t i = 0; dot > 0 && i < ARRAY_LEN(by_extension); i++)
        if (slice_is_same_word(slice_skip(file_name, dot), slice_of(by_extension[i].extension)))
            return slice_of(by_extension[i].type);
    return SLICE("application/octet-stream");
}

size_t media_type_choose(struct slice declared, struct slice file_name,
                         char ret_type[MEDIA_TYPE_BYTES_MAX + 1])
{
    struct slice type = read_type(declared);
    if (!is_meaningful(type))
        type = type_of_extension(file_name);
    assert(type.len <= MEDIA_TYPE_BYTES_MAX);
    for (size_t i = 0; i < type.len; i++) {
        bool is_upper = type.ptr[i] >= 'A' && type.ptr[i] <= 'Z';
        ret_type[i] = (char)(is_upper ? type.ptr[i] + ('a' - 'A') : type.ptr[i]);
    }
    ret_type[type.len] = '\0';
    return type.len;
}

bool media_type_is(struct slice field, struct slice type)
{
    return slice_is_same_word(slice_trim(slice_head(field, slice_find(field, ';'))), type);
}

bool media_type_is_inline_safe(struct slice type)
{
    return is_listed(type, inline_safe, ARRAY_LEN(inline_safe));
}

struct slice media_type_to_send(struct slice type)
{
    if (slice_is_same_word(type, SLICE("text/plain")))
        return SLICE("text/plain; charset=utf-8");
    if (is_listed(type, running, ARRAY_LEN(running)) || has_suffix(type, SLICE("+xml")) ||
        has_suffix(type, SLICE("javascript")) || has_suffix(type, SLICE("ecmascript")))
        return SLICE("application/octet-stream");
    return type;
}
