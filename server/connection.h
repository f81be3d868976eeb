// A Session and its socket.
//
//   readable -> read into clusters -> Process -> send what there is to send -> wait again
//
// It waits for input unless the session does not want any: it waits for memory (then a timer
// calls), or has too much to send (then the socket, when it takes more), or is to be closed.
//
// Thread rule: the thread of its Worker.
#ifndef WEIR_SERVER_CONNECTION_H_
#define WEIR_SERVER_CONNECTION_H_

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "weir/server/session.h"

namespace weir::server {

class Worker;

class Connection : public Session, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Worker& worker, boost::asio::ip::tcp::socket socket);

  void Start();
  // Sends what there is; to be called when someone else wrote to out().
  void Flush();
  void Close();
  // Cuts it off if it has not taken anything for too long.
  void CheckProgress(int64_t timeout_ms);
  // It has waited for so long for memory to read into, in milliseconds; 0 if it does not.
  int64_t starving_ms() const;
  // There is not enough memory for all: ends it with an error.
  void StandBack();

 private:
  void WaitToRead();
  void WaitToWrite();
  void RetrySoon();
  void OnReadable();
  // One read and what follows from it. True: there may be more to read now.
  bool ReadOnce();
  // After anything has happened: sends, closes, or waits for what comes next.
  void Settle();
  bool Send();

  Worker& worker_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer retry_;
  bool reading_ = false;   // a wait for input is under way
  bool writing_ = false;   // a wait to send is under way
  bool retrying_ = false;  // the timer is set
  bool no_room_ = false;   // the last read found no memory to read into
  int64_t no_room_since_ms_ = 0;
  int64_t last_progress_ms_ = 0;  // in sending
  size_t read_size_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_CONNECTION_H_
