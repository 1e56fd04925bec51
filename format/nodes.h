// Definition of visitNode(): which struct stands behind an sType. Included where a visitor is instantiated.
#pragma once

#include "format/visit.h"

namespace reprise {

template <class V>
bool visitNode(V& v, VkStructureType type, void* node) {
  switch (type) {
#define REPRISE_NODE(value, Type)        \
  case value:                            \
    v.node(*static_cast<Type*>(node));   \
    return true;
#include "gen/nodes.inc"
#undef REPRISE_NODE
    default:
      return false;
  }
}

}  // namespace reprise
