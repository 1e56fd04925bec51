// Finding the writer's process, or starting one, and giving it this process's arena.
//
// Used by lanes.cpp only, under its lock. Nothing throws; a failure is one sentence on stderr.
#pragma once

#include <sys/types.h>

#include "format/lane.h"

namespace reprise {

struct WriterLink {
  ArenaView arena;          // mapped for the rest of this process's life; not inherited by its children
  int socket = -1;          // hangs up when the writer's process ends
  ino_t socket_inode = 0;   // programs call closefrom(3): is the descriptor still ours?
  bool in_process = false;  // the writer is a thread of this process
};

// `forked`: this process is the child of one that already had a writer.
bool linkWriter(WriterLink& link, bool forked);

// For a child: the parent's socket, if the descriptor is still it.
void closeInherited(int socket, ino_t inode);
bool isSocket(int socket, ino_t inode);

// One line on stderr, "reprise: ...". printf's format.
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace reprise
