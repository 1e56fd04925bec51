#version 450
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
// Words that are reached by an address: from the push constants, from a buffer, from a uniform buffer, or at
// the end of a list whose nodes hold each other's addresses.
layout(local_size_x = 64) in;
layout(buffer_reference, std430) buffer Words { uint words[]; };
layout(buffer_reference) buffer Node;
layout(buffer_reference, std430) buffer Node { Node next; Words words; };
layout(std430, set = 0, binding = 0) readonly buffer Stored { Words source; } stored;
layout(std140, set = 0, binding = 1) uniform Block { uvec4 before; Words source; } block;
layout(push_constant) uniform Push { Words result; Words source; Node list; uint at; uint from; uvec2 hidden; } push;
// What a program mixes into an address that it hides.
const uvec2 kMask = uvec2(0x5a5a1234u, 0x0f0ff0f0u);

void main() {
  uint i = gl_GlobalInvocationID.x;
  uint x;
  if (push.from == 0) x = push.source.words[i];
  else if (push.from == 1) x = stored.source.words[i];
  else if (push.from == 2) x = block.source.words[i];
  else if (push.from == 4) x = Words(push.hidden ^ kMask).words[i];
  else x = push.list.next.next.words.words[i];
  push.result.words[push.at + i] = x + i;
}
