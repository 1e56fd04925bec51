"""Which objects each line of `reprise dump --format json --names` touches, found out from the lines alone."""

import re

# What ends the objects that it names; what is below a pool or device ends with it.
DESTROYS = re.compile("vk(Destroy|Free)")


def walk(value, way=()):
    """Every (way, value) below a value; elements of lists add no step."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield way + (name,), member
            yield from walk(member, way + (name,))
    elif isinstance(value, list):
        for member in value:
            yield way, member
            yield from walk(member, way)


def named_handles(line):
    """{"VkImage:12": "0x18"} of a line of --names."""
    found = {}
    members = [member for _, member in walk({key: line.get(key) for key in ("args", "memory", "object")})]
    for member in members:
        if isinstance(member, dict) and set(member) >= {"handle", "object"}:
            found[member["object"]] = member["handle"]
    return found


class Lives:
    """What each line of a whole dump with --names touches, found out without the program's help."""

    def __init__(self, every):
        self.parents, self.bound, self.sizes, self.touched = {}, {}, {}, []
        alive = set()
        for line in every:
            named = named_handles(line)
            command = line.get("command", "")
            touched = set(named)
            if line.get("event") in ("memory", "contents"):
                touched |= {name for name in alive if name.startswith("VkDevice:")}  # the programs have but one
            if line.get("event") == "memory":
                touched |= self.written(line)
            self.learn(command, line, named)
            for name in set(named) - alive:
                self.parents[name] = self.parent_of(name, command, named)
            alive |= set(named)
            ended = set()
            if DESTROYS.match(command):
                last = [value for name, value in line["args"].items() if name != "pAllocator"][-1]
                handles = [one for one in (last if isinstance(last, list) else [last]) if isinstance(one, dict)]
                ended = set().union(*(self.below(one["object"]) for one in handles)) & alive
                touched |= ended
                alive -= ended
                for name in ended:
                    self.bound.pop(name, None)
            if command == "vkResetDescriptorPool":
                pool = line["args"]["descriptorPool"]["object"]
                ended = (self.below(pool) - {pool}) & alive
                touched |= ended
                alive -= ended
            self.touched.append(touched)

    def parent_of(self, name, command, named):
        pools = {"vkAllocateCommandBuffers": "VkCommandPool", "vkAllocateDescriptorSets": "VkDescriptorPool",
                 "vkGetSwapchainImagesKHR": "VkSwapchainKHR"}
        for kind in (pools.get(command), "VkDevice", "VkPhysicalDevice", "VkInstance"):
            owners = [other for other in named if kind and other.startswith(kind + ":") and other != name]
            if kind == "VkPhysicalDevice" and not name.startswith("VkDevice:"):
                continue
            if owners:
                return owners[0]
        return None

    def below(self, root):
        found = {root}
        while True:
            more = {name for name, parent in self.parents.items() if parent in found} - found
            if not more:
                return found
            found |= more

    def learn(self, command, line, named):
        args = line.get("args", {})
        if command == "vkCreateBuffer" and line.get("result") == "VK_SUCCESS":
            self.sizes[args["pBuffer"]["object"]] = args["pCreateInfo"]["size"]
        if command == "vkGetImageMemoryRequirements":
            self.sizes[args["image"]["object"]] = args["pMemoryRequirements"]["size"]
        if command in ("vkBindBufferMemory", "vkBindImageMemory"):
            name = args["buffer" if "buffer" in args else "image"]["object"]
            self.bound[name] = (args["memory"]["object"], args["memoryOffset"])

    def written(self, line):
        memory = line["memory"]["object"]
        begin, end = line["offset"], line["offset"] + line["size"]
        return {name for name, (bound, offset) in self.bound.items()
                if bound == memory and offset < end and begin < offset + self.sizes.get(name, 1 << 62)}
