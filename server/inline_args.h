// Commands as people type them: one line, words with quotes.
#ifndef WEIR_SERVER_INLINE_ARGS_H_
#define WEIR_SERVER_INLINE_ARGS_H_

#include <string_view>

#include "weir/server/args.h"

namespace weir::server {

// Adds the words of a line: "..." with \n \r \t \b \a \xHH and \c, '...' with \'. False if a quote
// is not closed, or something follows a closing one; args then hold the words before it.
bool SplitInline(std::string_view line, Args& args);

}  // namespace weir::server

#endif  // WEIR_SERVER_INLINE_ARGS_H_
