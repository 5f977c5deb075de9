/* A program without the page: the server answers with its plain ones. */
#include "service/assets.h"

const struct asset web_assets[1] = {{.path = ""}};
const size_t web_assets_len = 0;
