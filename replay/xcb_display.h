// The X server of $DISPLAY, and windows on it.
//
// Owns the connection; windows are closed with it. One thread.
#pragma once

#include <cstdint>
#include <memory>

struct xcb_connection_t;

namespace reprise {

class XcbDisplay {
 public:
  static std::unique_ptr<XcbDisplay> open();  // null if no server answers
  ~XcbDisplay();
  XcbDisplay(const XcbDisplay&) = delete;
  XcbDisplay& operator=(const XcbDisplay&) = delete;

  xcb_connection_t* connection() const { return connection_; }
  uint32_t createWindow(uint32_t width, uint32_t height);
  void resize(uint32_t window, uint32_t width, uint32_t height);  // returns when the server has done it
  void destroyWindow(uint32_t window);

 private:
  XcbDisplay(xcb_connection_t* connection, uint32_t root, uint32_t visual)
      : connection_(connection), root_(root), visual_(visual) {}
  void roundTrip();

  xcb_connection_t* connection_;
  uint32_t root_, visual_;
};

}  // namespace reprise
