#include "replay/xcb_display.h"

#include <xcb/xcb.h>

#include <cstdlib>

namespace reprise {

std::unique_ptr<XcbDisplay> XcbDisplay::open() {
  const char* name = std::getenv("DISPLAY");
  if (name == nullptr || *name == '\0') return nullptr;
  int wanted = 0;
  xcb_connection_t* connection = xcb_connect(nullptr, &wanted);
  if (xcb_connection_has_error(connection)) {
    xcb_disconnect(connection);
    return nullptr;
  }
  xcb_screen_iterator_t screen = xcb_setup_roots_iterator(xcb_get_setup(connection));
  for (int i = 0; i < wanted && screen.rem > 1; ++i) xcb_screen_next(&screen);
  return std::unique_ptr<XcbDisplay>(new XcbDisplay(connection, screen.data->root, screen.data->root_visual));
}

XcbDisplay::~XcbDisplay() { xcb_disconnect(connection_); }

void XcbDisplay::roundTrip() {
  std::free(xcb_get_input_focus_reply(connection_, xcb_get_input_focus(connection_), nullptr));
}

uint32_t XcbDisplay::createWindow(uint32_t width, uint32_t height) {
  const uint32_t window = xcb_generate_id(connection_);
  xcb_create_window(connection_, XCB_COPY_FROM_PARENT, window, root_, 0, 0, static_cast<uint16_t>(width),
                    static_cast<uint16_t>(height), 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, visual_, 0, nullptr);
  static constexpr char kTitle[] = "reprise replay";
  xcb_change_property(connection_, XCB_PROP_MODE_REPLACE, window, XCB_ATOM_WM_NAME, XCB_ATOM_STRING, 8,
                      sizeof kTitle - 1, kTitle);
  xcb_map_window(connection_, window);
  roundTrip();
  return window;
}

void XcbDisplay::resize(uint32_t window, uint32_t width, uint32_t height) {
  const uint32_t values[] = {width, height};
  xcb_configure_window(connection_, window, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, values);
  roundTrip();
}

void XcbDisplay::destroyWindow(uint32_t window) {
  xcb_destroy_window(connection_, window);
  xcb_flush(connection_);
}

}  // namespace reprise
