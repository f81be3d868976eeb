// A published message on its way to the subscribers of one thread.
#ifndef WEIR_SERVER_MESSAGE_H_
#define WEIR_SERVER_MESSAGE_H_

#include <cstddef>
#include <string>

#include "weir/chain/chain.h"

namespace weir::server {

struct Message {
  std::string channel;
  std::string text;  // the payload, if it is small
  Chain chain;       // else, sharing the clusters in which it arrived
  size_t size = 0;   // of the payload
};

}  // namespace weir::server

#endif  // WEIR_SERVER_MESSAGE_H_
