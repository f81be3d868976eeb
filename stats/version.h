// The version of the library, as the preprocessor and as the reader see it.
#ifndef WEIR_STATS_VERSION_H_
#define WEIR_STATS_VERSION_H_

#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0
#define WEIR_VERSION "0.1.0"

#endif  // WEIR_STATS_VERSION_H_
